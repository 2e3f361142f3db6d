import TestSupport
import Testing
import WeightStore

@testable import Pipeline

/// Presets from a data file.
@Suite struct StyleTests {
    private static let models = TestBundle.root + "/Models"

    @Test func shippedStylesAreSound() throws {
        let styles = try Style.all(in: [Self.models])
        #expect(styles.count >= 5)
        #expect(Set(styles.map(\.name)).count == styles.count)
        let anime = try #require(styles.first { $0.name == "anime" })
        #expect((anime.width, anime.height) == (512, 768))
        #expect(anime.prompt("少女").hasPrefix("少女，"))
        for style in styles {
            #expect(style.width % 64 == 0 && style.height % 64 == 0, "\(style.name)")
        }
    }

    @Test func anEarlierFolderCountsMore() throws {
        try withTemporaryFolder { folder in
            let text = """
                {"styles": [{"name": "anime", "title": "我的", "use": "mine", "width": 64, "height": 64,
                 "sampler": "ddim", "steps": 3, "guidance": 2, "prompt": "a {prompt} b", "negative": ""}]}
                """
            try AtomicFile.writeAtomically(Array(text.utf8), to: folder + "/styles.json")
            let styles = try Style.all(in: [folder, folder + "/none", Self.models])
            #expect(styles.first?.steps == 3)
            #expect(styles.count { $0.name == "anime" } == 1)
            #expect(styles.first?.prompt("x") == "a x b")
        }
    }

    @Test(arguments: [
        (#"{"styles": 3}"#, "list"), ("[", "styles.json"),
        (#"{"styles": [{"name": "a", "title": "b", "use": "c", "width": 1}]}"#, "width"),
        (
            #"{"styles": [{"name": "a", "title": "b", "use": "c", "width": 64, "height": 64, "sampler": "best"}]}"#,
            "sampler"
        ),
    ]) func damagedFilesAreNamed(text: String, word: String) throws {
        try withTemporaryFolder { folder in
            try AtomicFile.writeAtomically(Array(text.utf8), to: folder + "/styles.json")
            do {
                _ = try Style.all(in: [folder])
                Issue.record("nothing was thrown")
            } catch {
                #expect("\(error)".contains(word), "\(error)")
            }
        }
    }
}

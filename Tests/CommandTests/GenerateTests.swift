import Foundation
import Pictures
import Testing
import WeightStore

/// `inkstone generate`: pictures, names and texts.
@Suite struct GenerateTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    /// Draws with the tiny model; four steps, 32×32, unless the arguments say otherwise.
    private func generate(
        _ arguments: [String], input: [UInt8]? = nil, environment: [String: String] = [:]
    ) throws -> Run {
        let defaults = ["--steps": "4", "--size": "32x32", "--seed": "7"]
        let missing = defaults.filter { !arguments.contains($0.key) }.flatMap {
            [$0.key, $0.value]
        }
        return try Program.inkstone.run(
            ["generate", "--model", try TinyModel.bundle()] + missing + arguments, input: input,
            environment: environment, in: scratch)
    }

    @Test(arguments: StageTests.instructionSets)
    func pictureIsWithinOneGreyLevelOfDiffusers(instructionSet: String) throws {
        let run = try generate(
            [
                "一只熊猫，水墨画", "-n", "模糊，低质量", "--steps", "8", "--guidance", "7.5",
                "--seed", "1234", "--size", "128x128", "--sampler", "ddim", "-o", "a.png",
            ], environment: instructionSet.isEmpty ? [:] : ["INKSTONE_ISA": instructionSet])
        try #require(run.status == 0, "\(run.errors)")
        let wanted = try decodePNG(
            Array(Data(contentsOf: URL(fileURLWithPath: TinyModel.checkpoint + "/expected.png"))))
        let found = try decodePNG(try scratch.bytes("a.png"))
        #expect(found.picture.width == 128 && found.picture.height == 128)
        let differences = zip(found.picture.pixels, wanted.picture.pixels).map {
            abs(Int($0) - Int($1))
        }
        #expect(differences.count == 128 * 128 * 3)
        #expect(differences.max() ?? 255 <= 1)
    }

    @Test func aPictureIsDrawnAgainLikeItself() throws {
        let first = try generate(
            ["熊猫", "-n", "模糊", "--guidance", "3", "--sampler", "dpm++2m-karras", "-o", "a.png"])
        try #require(first.status == 0, "\(first.errors)")
        let again = try Program.inkstone.run(
            ["generate", "--like", "a.png", "--model", try TinyModel.bundle(), "-o", "b.png"],
            in: scratch)
        try #require(again.status == 0, "\(again.errors)")
        #expect(try scratch.bytes("a.png") == scratch.bytes("b.png"))
        let other = try Program.inkstone.run(
            [
                "generate", "--like", "a.png", "--model", try TinyModel.bundle(), "--seed", "8",
                "-o",
                "c.png",
            ], in: scratch)
        try #require(other.status == 0, "\(other.errors)")
        #expect(try scratch.bytes("a.png") != scratch.bytes("c.png"))
    }

    @Test(arguments: [
        ["generate"], ["generate", "--like", "plain.png"],
        ["generate", "熊猫", "--style", "none"], ["generate", "熊猫", "--seed", "1.5"],
        ["generate", "熊猫", "--lora", "a:99"], ["generate", "熊猫", "--lora", "emoji-zh"],
    ]) func whatCannotBeMeantIsAUsageError(arguments: [String]) throws {
        let plain = Picture(width: 1, height: 1, channels: 3, pixels: [1, 2, 3])
        try scratch.write(encodePNG(plain), to: "plain.png")
        let run = try Program.inkstone.run(arguments, in: scratch)
        #expect(run.status == 2, "\(run.errors)")
        #expect(try scratch.names() == ["plain.png"])
    }

    @Test func parametersSayHowThePictureWasMade() throws {
        let run = try generate([
            "熊猫, \"墨\"", "-n", "模糊", "--guidance", "3.5", "--sampler", "dpm++2m-karras", "-o",
            "a.png",
        ])
        try #require(run.status == 0, "\(run.errors)")
        let text = try #require(decodePNG(try scratch.bytes("a.png")).text("parameters"))
        let parameters = GenerationParameters(parsing: text)
        #expect(parameters.prompt == "熊猫, \"墨\"")
        #expect(parameters.negativePrompt == "模糊")
        #expect(parameters.steps == 4 && parameters.seed == 7 && parameters.guidance == 3.5)
        #expect(parameters["Sampler"] == "DPM++ 2M" && parameters["Schedule type"] == "Karras")
        #expect(parameters["Size"] == "32x32" && parameters["Model"] == "tiny")
        let unet = try Bundle.open(try TinyModel.bundle()).stage("unet")
        #expect(parameters["Model hash"] == String(unet.sha256.prefix(10)))
    }

    @Test func seedDecidesThePictureAndThreadsDoNot() throws {
        #expect(try generate(["a", "--threads", "1", "-o", "one.png"]).status == 0)
        #expect(try generate(["a", "--threads", "2", "-o", "two.png"]).status == 0)
        #expect(try generate(["a", "--threads", "3", "-o", "three.png"]).status == 0)
        #expect(try generate(["a", "--seed", "8", "-o", "other.png"]).status == 0)
        #expect(try scratch.bytes("one.png") == scratch.bytes("two.png"))
        #expect(try scratch.bytes("one.png") == scratch.bytes("three.png"))
        let other = try decodePNG(try scratch.bytes("other.png")).picture
        #expect(try decodePNG(try scratch.bytes("one.png")).picture != other)
    }

    @Test func severalPicturesAreNumberedAndTakeTheNextSeeds() throws {
        let run = try generate(["a", "--count", "3", "--seed", "5", "-o", "my.set/p.png"])
        #expect(run.status == 1)  // there is no such folder, and nothing is drawn
        #expect(try generate(["a", "--count", "3", "--seed", "5", "-o", "p.png"]).status == 0)
        #expect(try scratch.names() == ["p-1.png", "p-2.png", "p-3.png"])
        for (index, name) in try scratch.names().enumerated() {
            let text = try decodePNG(try scratch.bytes(name)).text("parameters") ?? ""
            #expect(GenerationParameters(parsing: text).seed == UInt64(5 + index))
        }
        #expect(try generate(["a", "--seed", "6", "-o", "second.png"]).status == 0)
        #expect(try scratch.bytes("second.png") == scratch.bytes("p-2.png"))
    }

    @Test(arguments: [("1", true), ("4", false)])
    func negativePromptWithoutGuidanceIsWarnedOf(guidance: String, warns: Bool) throws {
        let run = try generate(["a", "-n", "b", "--guidance", guidance, "-o", "a.png"])
        #expect(run.status == 0)
        #expect(run.errors.contains("negative prompt does nothing") == warns)
    }

    @Test func withoutAFileTheSeedNamesThePicture() throws {
        #expect(try generate(["a", "--count", "2", "--seed", "41"]).status == 0)
        #expect(try scratch.names() == ["inkstone-41.png", "inkstone-42.png"])
    }

    @Test func randomSeedIsTold() throws {
        let run = try Program.inkstone.run(
            [
                "generate", "a", "--model", try TinyModel.bundle(), "--steps", "1", "--size",
                "32x32",
            ], in: scratch)
        let name = try #require(try scratch.names().first)
        let seed = name.dropFirst("inkstone-".count).dropLast(".png".count)
        #expect(UInt32(seed) != nil && run.errors.contains("seed \(seed)"))
    }

    @Test func promptComesFromInputAndPictureGoesToOutput() throws {
        let piped = try generate(["-", "-o", "-"], input: Array("熊猫\n".utf8))
        #expect(try generate(["熊猫", "-o", "a.png"]).status == 0)
        #expect(piped.status == 0)
        #expect(try piped.output == scratch.bytes("a.png"))
    }

    @Test func modelIsFoundByNameInTheEnvironmentsFolders() throws {
        _ = try TinyModel.copy(into: scratch)
        let folders = ["INKSTONE_MODELS": "/nowhere:\(scratch.root)"]
        let named = try Program.inkstone.run(
            [
                "generate", "a", "--model", "model", "--steps", "1", "--size", "32x32", "-o",
                "a.png", "-q",
            ], environment: folders, in: scratch)
        #expect(named.status == 0 && named.errors.isEmpty)
        let list = try Program.inkstone.run(["models"], environment: folders, in: scratch)
        #expect(list.text.contains(scratch.path("model")))
    }

    @Test func existingFileIsReplacedAndKeepsItsPermissions() throws {
        try scratch.write([1, 2, 3], to: "a.png")
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600], ofItemAtPath: scratch.path("a.png"))
        #expect(try generate(["a", "-o", "a.png"]).status == 0)
        #expect(try decodePNG(try scratch.bytes("a.png")).picture.width == 32)
        let attributes = try FileManager.default.attributesOfItem(atPath: scratch.path("a.png"))
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(try scratch.names() == ["a.png"])
    }

    @Test func longPromptIsCutWithAWarning() throws {
        let run = try generate([String(repeating: "一", count: 30) + "熊猫", "-o", "a.png"])
        #expect(run.status == 0)
        #expect(run.errors.contains("inkstone: warning: ") && run.errors.contains("熊猫"))
    }

    @Test func killedRunLeavesNothing() throws {
        let process = try Program.inkstone.start(
            [
                "generate", "a", "--model", try TinyModel.bundle(), "--steps", "900", "--size",
                "256x256", "-o", "a.png",
            ], in: scratch)
        Thread.sleep(forTimeInterval: 0.5)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        #expect(process.terminationStatus == SIGKILL)
        #expect(try scratch.names() == [])
    }
}

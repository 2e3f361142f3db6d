import Pictures
import Pipeline
import TestSupport
import Testing
import WeightStore

@testable import Jobs

/// Files of requests.
@Suite struct BatchTests {
    private let requests = """
        {"prompt": "熊猫，蓝色背景", "steps": 2, "guidance": 1, "seed": 5}

        {"prompt": "苹果", "steps": 2, "guidance": 1, "count": 2}
        {"prompt": "西瓜", "steps": -2}
        {"prompt": "草莓", "steps": 2, "guidance": 1}
        nonsense
        """

    /// What lines came to, by their numbers.
    @discardableResult private func run(
        _ text: String, into folder: String, shard: Batch.Shard = .whole
    ) throws -> [Int: String] {
        var outcomes: [Int: String] = [:]
        let batch = try Batch(
            Workplace(folder).configuration, output: folder + "/out", inputs: folder, shard: shard)
        let failed = try batch.run(BatchLine.lines(of: text), progress: { _, _ in }) {
            line, outcome, _ in
            switch outcome {
            case .there: outcomes[line.number] = "there"
            case .drawn(let files): outcomes[line.number] = files.joined(separator: " ")
            case .failed: outcomes[line.number] = "failed"
            }
        }
        #expect(failed == outcomes.values.count { $0 == "failed" })
        return outcomes
    }

    private let drawn = [
        1: "000001.png", 3: "000003-1.png 000003-2.png", 4: "failed", 5: "000005.png", 6: "failed",
    ]

    @Test func everyLineIsDrawnOnceAndBadOnesDoNotHinderIt() throws {
        try withTemporaryFolder { folder in
            #expect(try run(requests, into: folder) == drawn)
            let first = try readFile(folder + "/out/000005.png")
            #expect(try decodePNG(first).picture.width == 64)
            let again = try run(requests, into: folder)
            #expect(again == [1: "there", 3: "there", 4: "failed", 5: "there", 6: "failed"])
            // A line that was changed is another one.
            let changed = requests.replacing("草莓", with: "葡萄")
            #expect(try run(changed, into: folder)[5] == "000005.png")
            #expect(try readFile(folder + "/out/000005.png") != first)
            #expect(!namesInFolder(folder + "/out").contains { $0.hasSuffix(".part") })
        }
    }

    @Test func shardsDrawWhatTheWholeDraws() throws {
        try withTemporaryFolder { folder in
            try withTemporaryFolder { other in
                try run(requests, into: folder)
                var parts: [Int: String] = [:]
                for index in 0..<3 {
                    let shard = try #require(Batch.Shard(index: index, count: 3))
                    let part = try run(requests, into: other, shard: shard)
                    #expect(part.keys.allSatisfy { ($0 - 1) % 3 == index })
                    parts.merge(part) { first, _ in first }
                }
                #expect(parts == drawn)
                for file in drawn.values.flatMap({ $0.split(separator: " ") })
                where file != "failed" {
                    #expect(
                        try readFile("\(folder)/out/\(file)") == readFile("\(other)/out/\(file)"))
                }
            }
        }
        #expect(Batch.Shard(index: 3, count: 3) == nil)
        #expect(Batch.Shard(index: 0, count: 0) == nil)
    }

    /// As if the process had ended between two of its writes.
    @Test func whatWasInterruptedGoesOn() throws {
        try withTemporaryFolder { folder in
            let out = folder + "/out"
            try run(requests, into: folder)
            let picture = try readFile(out + "/000001.png")
            // The manifest says done, and the picture has no name yet.
            try move(out + "/000001.png", to: out + "/.000001.png")
            #expect(try run(requests, into: folder)[1] == "there")
            #expect(try readFile(out + "/000001.png") == picture)
            // A torn line at the manifest's end is one that was never written.
            let manifest = try readFile(out + "/manifest.jsonl")
            let lines = manifest.split(separator: UInt8(ascii: "\n"))
            let torn = lines[0] + [UInt8(ascii: "\n")] + lines[1].dropLast(5)
            try AtomicFile.writeAtomically(Array(torn), to: out + "/manifest.jsonl")
            let outcomes = try run(requests, into: folder)
            #expect(outcomes[1] == "there")
            #expect(outcomes[3] == drawn[3])
            // A picture that somebody took away is drawn again.
            removeFile(out + "/000001.png")
            #expect(try run(requests, into: folder)[1] == "000001.png")
            #expect(try readFile(out + "/000001.png") == picture)
        }
    }

    @Test func twoDoNotDrawTheSameLines() throws {
        try withTemporaryFolder { folder in
            let configuration = Workplace(folder).configuration
            let first = try Batch(configuration, output: folder, inputs: folder, shard: .whole)
            #expect(throws: Batch.InUse.self) {
                _ = try Batch(configuration, output: folder, inputs: folder, shard: .whole)
            }
            _ = first
        }
    }

    @Test func picturesMayBeNamed() throws {
        try withTemporaryFolder { folder in
            let gray = Picture(
                width: 64, height: 64, channels: 3, pixels: Array(repeating: 90, count: 64 * 64 * 3)
            )
            try AtomicFile.writeAtomically(try encodePNG(gray), to: folder + "/sketch.png")
            let text = """
                {"prompt": "苹果", "image": "@sketch.png", "steps": 2, "guidance": 1}
                {"prompt": "苹果", "image": "@none.png", "steps": 2, "guidance": 1}
                {"task": "enlarge", "image": "@sketch.png"}
                """
            let outcomes = try run(text, into: folder)
            #expect(outcomes == [1: "000001.png", 2: "failed", 3: "000003.png"])
            let large = try decodePNG(try readFile(folder + "/out/000003.png")).picture
            #expect(large.width == 256)
        }
    }

    /// Whoever starts a batch may read the disk anyway; a daemon's client may not.
    @Test func bundlesMayBeNamedByTheirFolderHereAlone() throws {
        try withTemporaryFolder { folder in
            let text = """
                {"prompt": "苹果", "steps": 2, "guidance": 1, "model": "\(Workplace.models)/emoji-zh"}
                """
            var configuration = Workplace(folder).configuration
            for (opensPaths, count) in [(false, 1), (true, 0)] {
                configuration.opensPaths = opensPaths
                let batch = try Batch(
                    configuration, output: "\(folder)/\(opensPaths)", inputs: folder, shard: .whole)
                let failed = try batch.run(
                    BatchLine.lines(of: text), progress: { _, _ in }, each: { _, _, _ in })
                #expect(failed == count)
            }
        }
    }
}

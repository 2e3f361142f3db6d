import Testing

@testable import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite struct BundleTests {
    private let folder: TemporaryFolder
    private var path: String { folder.file("model") }

    init() throws { folder = try TemporaryFolder() }

    /// Writes the sample bundle to `path`.
    @discardableResult
    private func writeSampleBundle(
        name: String = "sample", overwrite: Bool = false
    ) throws -> BundleDescription {
        let writer = try BundleWriter(path: path, overwrite: overwrite)
        let written = try writeSample(writer.startStage("unet", plan: samplePlan))
        try writer.finishStage(
            "unet", written, className: "UNet2DConditionModel", type: "int8",
            config: ["sample_size": 64, "b": [1, 2.5]])
        try folder.write("vocab.txt", Array("[PAD]\n熊".utf8))
        try writer.copyTokenizer(className: "BertTokenizer", files: [folder.file("vocab.txt")])
        var description = BundleDescription(name: name, family: "stable-diffusion")
        description.scheduler = ["_class_name": "DDIMScheduler"]
        description.sources = [.init(file: "unet/x.safetensors", sha256: "00")]
        description.license = "Apache-2.0"
        try writer.commit(description)
        unlink(folder.file("vocab.txt"))
        return description
    }

    @Test func whatIsWrittenOpens() throws {
        try writeSampleBundle()
        #expect(folder.names == ["model"])
        #expect(namesInFolder(path) == ["bundle.json", "tokenizer", "unet.safetensors"])
        let bundle = try Bundle.open(path)
        #expect(bundle.name == "sample")
        #expect(bundle.family == "stable-diffusion")
        #expect(bundle.scheduler == ["_class_name": "DDIMScheduler"])
        #expect(bundle.tokenizerClass == "BertTokenizer")
        #expect(bundle.license == "Apache-2.0")
        #expect(bundle.json["sources"] == [["file": "unet/x.safetensors", "sha256": "00"]])
        #expect(Array(bundle.stages.keys) == ["unet"])
        let stage = try bundle.stage("unet")
        #expect(stage.className == "UNet2DConditionModel")
        #expect(stage.type == "int8")
        #expect(stage.config == ["sample_size": 64, "b": [1, 2.5]])
        let tokenizer = try #require(bundle.tokenizerFolder)
        #expect(try readFile("\(tokenizer)/vocab.txt") == Array("[PAD]\n熊".utf8))
        let weights = try bundle.weights("unet")
        #expect(weights.names == samplePlan.map(\.name))
        try weights.verify()
    }

    @Test func equalInputGivesEqualBytes() throws {
        try writeSampleBundle()
        let first = try readFile("\(path)/bundle.json")
        try writeSampleBundle(overwrite: true)
        #expect(try readFile("\(path)/bundle.json") == first)
    }

    @Test func nothingIsLeftOfABundleThatIsNotCommitted() throws {
        do {
            let writer = try BundleWriter(path: path)
            _ = try writeSample(writer.startStage("unet", plan: samplePlan))
            #expect(folder.names.count == 1)
            #expect(folder.names[0].hasPrefix(".inkstone-bundle-"))
        }
        #expect(folder.names == [])
    }

    @Test func bundlesAreReplacedOnlyWhenAsked() throws {
        try writeSampleBundle()
        expectError("the bundle \(path) exists already; choose another name or overwrite it") {
            _ = try BundleWriter(path: path)
        }
        try writeSampleBundle(name: "second", overwrite: true)
        #expect(try Bundle.open(path).name == "second")
        #expect(folder.names == ["model"])
    }

    @Test func bundlesAreReplacedThroughSymbolicLinks() throws {
        try writeSampleBundle()
        #expect(symlink("model", folder.file("link")) == 0)
        let writer = try BundleWriter(path: folder.file("link"), overwrite: true)
        try writer.commit(BundleDescription(name: "third", family: "upscaler"))
        #expect(try Bundle.open(path).name == "third")
        #expect(folder.names == ["link", "model"])
    }

    @Test func whatIsNoBundleIsNeverReplaced() throws {
        #expect(mkdir(path, 0o755) == 0)
        try folder.write("model/precious", [1])
        expectError("a folder, not a bundle") {
            _ = try BundleWriter(path: path, overwrite: true)
        }
        try folder.write("file", [1])
        expectError("a regular file, not a bundle") {
            _ = try BundleWriter(path: folder.file("file"), overwrite: true)
        }
        expectError("is a folder") { _ = try BundleWriter(path: "/", overwrite: true) }
        #expect(try readFile("\(path)/precious") == [1])
    }

    @Test func aMissingFolderIsNamed() {
        expectError("cannot find the folder \(folder.file("no"))") {
            _ = try BundleWriter(path: folder.file("no/model"))
        }
    }

    @Test func aStageWhoseFileIsUnfinishedIsNotCommitted() throws {
        let writer = try BundleWriter(path: path)
        let weights = try writer.startStage("unet", plan: samplePlan)
        try weights.append(sampleBytes(samplePlan[0]))
        try writer.finishStage(
            "unet", WrittenFile(byteCount: 1, sha256: String(repeating: "0", count: 64)),
            className: "UNet2DConditionModel", type: "int8", config: [:])
        expectError("unet.safetensors") {
            try writer.commit(BundleDescription(name: "x", family: "stable-diffusion"))
        }
        #expect(!folder.names.contains("model"))
    }

    @Test func stageNamesCannotLeaveTheFolder() throws {
        let writer = try BundleWriter(path: path)
        for name in ["../x", "", ".x", "a/b"] {
            expectError("a stage's name") { _ = try writer.startStage(name, plan: []) }
        }
    }

    @Test func abandonedFoldersAreRemoved() throws {
        let old = folder.file(".inkstone-bundle-old")
        #expect(mkdir(old, 0o755) == 0)
        try folder.write(".inkstone-bundle-old/unet.safetensors", [1])
        var times = [
            timeval(tv_sec: 1_000_000, tv_usec: 0), timeval(tv_sec: 1_000_000, tv_usec: 0),
        ]
        #expect(utimes(old, &times) == 0)
        #expect(mkdir(folder.file(".inkstone-bundle-young"), 0o755) == 0)
        let held = folder.file(".inkstone-bundle-held")
        #expect(mkdir(held, 0o755) == 0)
        #expect(utimes(held, &times) == 0)
        let lock = open(held, O_RDONLY | O_DIRECTORY)
        #expect(flock(lock, LOCK_EX) == 0)
        defer { close(lock) }
        try writeSampleBundle()
        #expect(folder.names == [".inkstone-bundle-held", ".inkstone-bundle-young", "model"])
    }

    // MARK: bundle.json that lies

    /// Writes the sample bundle with one change in its `bundle.json`.
    private func change(_ edit: (inout JSONObject) -> Void) throws {
        removeTree(path)
        try writeSampleBundle()
        var json = try JSONObject.load("\(path)/bundle.json")
        edit(&json)
        try AtomicFile.writeAtomically(json.serialized(), to: "\(path)/bundle.json")
    }

    private func changeStage(_ edit: (inout JSONObject) -> Void) throws {
        try change { json in
            guard var stage = json["stages"]?["unet"]?.object else { return }
            edit(&stage)
            json["stages"] = ["unet": .object(stage)]
        }
    }

    @Test func unknownKeysAreIgnored() throws {
        try change { $0["future"] = ["x": 1] }
        #expect(try Bundle.open(path).json["future"] == ["x": 1])
    }

    @Test func foldersAndFilesThatAreNoBundleAreRefused() throws {
        expectError("a folder without bundle.json") { _ = try Bundle.open(folder.path) }
        try folder.write("file", [1])
        expectError("a bundle, which is a folder, found a regular file") {
            _ = try Bundle.open(folder.file("file"))
        }
        expectError("cannot open \(folder.file("no"))/bundle.json: No such file") {
            _ = try Bundle.open(folder.file("no"))
        }
        try folder.write("bundle.json", [])
        expectError("bundle.json is not valid JSON") { _ = try Bundle.open(folder.path) }
        try folder.write("bundle.json", Array("[1]".utf8))
        expectError("expected an object, found an array") { _ = try Bundle.open(folder.path) }
        try folder.write("bundle.json", Array("{}".utf8))
        expectError("format to be \"inkstone-bundle\", found nothing") {
            _ = try Bundle.open(folder.path)
        }
    }

    @Test func otherVersionsAreRefused() throws {
        try change { $0["version"] = 2 }
        expectError("version to be 1, found 2") { _ = try Bundle.open(path) }
        try change { $0["version"] = "1" }
        expectError("version to be 1, found \"1\"") { _ = try Bundle.open(path) }
    }

    @Test func wrongValuesAreNamed() throws {
        let wrong: [(String, JSONValue?)] = [
            ("name", nil), ("name", 1), ("family", nil), ("family", "video"), ("stages", nil),
            ("stages", []), ("scheduler", "x"), ("license", 1), ("tokenizer", "x"), ("format", 1),
        ]
        for (key, value) in wrong {
            try change { $0[key] = value }
            expectError("bundle.json: expected \(key) to be") { _ = try Bundle.open(path) }
        }
        try change { $0["tokenizer"] = ["class": "x"] }
        expectError("expected tokenizer.folder to be") { _ = try Bundle.open(path) }
        try change { $0["tokenizer"] = ["folder": "x"] }
        expectError("expected tokenizer.class to be") { _ = try Bundle.open(path) }
    }

    @Test func wrongStageValuesAreNamed() throws {
        let wrong: [(String, JSONValue?)] = [
            ("file", nil), ("file", 1), ("class", nil), ("type", 8), ("config", nil),
            ("config", []),
            ("bytes", nil), ("bytes", -1), ("bytes", 1.5), ("bytes", "1"), ("sha256", nil),
            ("sha256", "00"), ("sha256", .string(String(repeating: "G", count: 64))),
        ]
        for (key, value) in wrong {
            try changeStage { $0[key] = value }
            expectError("expected stages.unet.\(key) to be") { _ = try Bundle.open(path) }
        }
    }

    @Test(arguments: ["../x", "/etc/passwd", "", ".", "..", ".hidden", "a/b", "a\0b"])
    func filesOutsideTheFolderAreRefused(name: String) throws {
        try changeStage { $0["file"] = .string(name) }
        expectError("stages.unet.file to be a file name without folders") {
            _ = try Bundle.open(path)
        }
        try change { $0["tokenizer"] = ["class": "x", "folder": .string(name)] }
        expectError("tokenizer.folder to be a file name without folders") {
            _ = try Bundle.open(path)
        }
    }

    @Test func missingStagesAreNamed() throws {
        try writeSampleBundle()
        expectError("expected the stage vae, found unet") {
            _ = try Bundle.open(path).weights("vae")
        }
    }

    @Test func missingWeightFilesAreNamed() throws {
        try writeSampleBundle()
        unlink("\(path)/unet.safetensors")
        expectError("cannot open \(path)/unet.safetensors: No such file") {
            _ = try Bundle.open(path).weights("unet")
        }
    }

    @Test func weightFilesOfAnotherSizeAreRefused() throws {
        try changeStage { $0["bytes"] = 5 }
        expectError("5 bytes as bundle.json says") { _ = try Bundle.open(path).weights("unet") }
    }

    @Test func weightFilesOfAnotherDigestAreFoundByVerifying() throws {
        try changeStage { $0["sha256"] = .string(String(repeating: "a", count: 64)) }
        expectError("is damaged") { try Bundle.open(path).weights("unet").verify() }
    }
}

import Quantizer
import Testing
import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite struct ConversionTests {
    private let scratch: Scratch
    private let recipe = QuantizationRecipe(type: .int8)

    init() throws { scratch = try Scratch() }

    private func tiny(seed: UInt64 = 1) throws -> Conversion {
        try Conversion.synthetic(.tiny, seed: seed, recipe: recipe)
    }

    private func files(_ bundle: String) throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for name in namesIn(scratch.file(bundle)) where name != "tokenizer" {
            files[name] = try readFile(scratch.file("\(bundle)/\(name)"))
        }
        for name in namesIn(scratch.file("\(bundle)/tokenizer")) {
            files["tokenizer/" + name] = try readFile(scratch.file("\(bundle)/tokenizer/\(name)"))
        }
        return files
    }

    @Test func equalInputGivesEqualBytes() throws {
        for name in ["first", "second"] {
            _ = try Conversion.open(checkpoint("tiny-pai"), recipe: recipe)
                .write(to: scratch.file(name))
        }
        let first = try files("first")
        #expect(first.count == 7)
        #expect(first == (try files("second")))
    }

    @Test func theBundleSaysWhatItWasMadeFrom() throws {
        let path = scratch.file("out")
        let conversion = try Conversion.open(
            checkpoint("tiny-pai") + "/", recipe: recipe,
            hints: .init(name: "a name", upscaler: fixture("compact.pth")))
        _ = try conversion.write(to: path)
        let bundle = try Bundle.open(path)
        #expect(bundle.name == "a name")
        #expect(bundle.family == "stable-diffusion")
        #expect(Set(bundle.stages.keys) == ["text_encoder", "unet", "vae", "upscaler"])
        #expect(bundle.tokenizerClass == "BertTokenizer")
        let scheduler = checkpoint("tiny-pai") + "/scheduler/scheduler_config.json"
        #expect(bundle.scheduler == (try JSONObject.load(scheduler)))
        let unet = checkpoint("tiny-pai") + "/unet/diffusion_pytorch_model.safetensors"
        let source: JSONValue = [
            "file": "unet/diffusion_pytorch_model.safetensors",
            "sha256": .string(try SHA256.digest(ofFile: unet)),
        ]
        #expect(bundle.json["sources"]?.array?[1] == source)
        #expect(bundle.json["sources"]?.array?[3]["file"] == "compact.pth")
        for name in namesIn(checkpoint("tiny-pai") + "/tokenizer") {
            let original = try readFile(checkpoint("tiny-pai") + "/tokenizer/\(name)")
            #expect(try readFile("\(path)/tokenizer/\(name)") == original)
        }
        for stage in ["text_encoder", "unet", "vae", "upscaler"] {
            try bundle.weights(stage).verify()
        }
    }

    /// Names and shapes as diffusers 0.15 and transformers 4.27 wrote them.
    @Test func olderNamesGiveTheSameBytes() throws {
        try copyCheckpoint("tiny-pai", to: "old") { stage, tensor in
            var tensor = tensor
            switch stage {
            case "text_encoder": tensor.name = "text_model." + tensor.name
            case "vae":
                for (current, old) in [
                    ("to_q", "query"), ("to_k", "key"), ("to_v", "value"),
                    ("to_out.0", "proj_attn"), ("group_norm", "norm"),
                ] where tensor.name.contains(".attentions.0.\(current).") {
                    tensor.name = replacing(tensor.name, ".\(current).", ".\(old).")
                    if tensor.shape.count == 2 { tensor.shape += [1, 1] }
                }
            default: break
            }
            return tensor
        }
        _ = try Conversion.open(checkpoint("tiny-pai"), recipe: recipe)
            .write(to: scratch.file("new-out"))
        _ = try Conversion.open(scratch.file("old"), recipe: recipe)
            .write(to: scratch.file("old-out"))
        for stage in ["text_encoder", "unet", "vae"] {
            let new = try readFile(scratch.file("new-out/\(stage).safetensors"))
            #expect(try readFile(scratch.file("old-out/\(stage).safetensors")) == new)
        }
    }

    @Test func componentsOfOtherClassesAreNamed() throws {
        try copyCheckpoint("tiny-pai", to: "bert") { _, tensor in tensor }
        var index = try JSONObject.load(scratch.file("bert/model_index.json"))
        index["text_encoder"] = ["transformers", "T5EncoderModel"]
        try scratch.write("bert/model_index.json", index.serialized())
        expectError("text_encoder", "\"CLIPTextModel\"", "\"T5EncoderModel\"") {
            _ = try Conversion.open(scratch.file("bert"), recipe: recipe)
        }
        index["text_encoder"] = ["transformers", "CLIPTextModel"]
        index["tokenizer"] = ["transformers", "T5Tokenizer"]
        try scratch.write("bert/model_index.json", index.serialized())
        expectError("tokenizer", "T5Tokenizer") {
            _ = try Conversion.open(scratch.file("bert"), recipe: recipe)
        }
    }

    @Test func aMissingFileIsNamed() throws {
        try copyCheckpoint("tiny-pai", to: "partial") { _, tensor in tensor }
        remove(scratch.file("partial/vae/diffusion_pytorch_model.safetensors"))
        expectError("partial/vae", "diffusion_pytorch_model.bin") {
            _ = try Conversion.open(scratch.file("partial"), recipe: recipe)
        }
        remove(scratch.file("partial/unet/config.json"))
        expectError("partial/unet/config.json") {
            _ = try Conversion.open(scratch.file("partial"), recipe: recipe)
        }
    }

    @Test func nothingIsLeftWhereWritingFails() throws {
        try scratch.write("folder/file", [1])
        chmod(scratch.file("folder"), 0o555)
        let isRoot = geteuid() == 0
        if !isRoot {
            expectError("folder", "ermission") {
                _ = try tiny().write(to: scratch.file("folder/out"))
            }
            #expect(namesIn(scratch.file("folder")) == ["file"])
        }
        expectError("nowhere") { _ = try tiny().write(to: scratch.file("nowhere/out")) }
        #expect(scratch.names == ["folder"])
    }

    @Test func anInterruptedConversionLeavesNothing() throws {
        expectError("interrupted") {
            _ = try tiny().write(to: scratch.file("out")) { progress in
                progress.stage != "vae"
            }
        }
        #expect(scratch.names == [])
    }

    @Test func aBundleIsReplacedOnlyOnDemand() throws {
        let path = scratch.file("out")
        _ = try tiny(seed: 1).write(to: path)
        let first = try files("out")
        expectError("out", "exists") { _ = try tiny(seed: 2).write(to: path) }
        #expect(try files("out") == first)
        _ = try tiny(seed: 2).write(to: path, overwrite: true)
        #expect(try files("out") != first)
        #expect(scratch.names == ["out"])
    }

    @Test func weightsTooLargeForHalfPrecisionAreNamed() throws {
        let configuration: JSONObject = [
            "num_in_ch": 3, "num_out_ch": 3, "num_feat": 4, "num_conv": 1, "upscale": 1,
        ]
        let expected = try Architecture.compactNet.expectedTensors(configuration, path: "test")
        let stage = try Stage(
            kind: .upscaler, architecture: .compactNet, configuration: configuration,
            configurationPath: "test",
            source: MemorySource(expected) { name, index in
                name == "body.4.weight" && index == 5 ? -65520 : 65504
            })
        let conversion = Conversion(
            stages: [stage], tokenizer: nil,
            description: BundleDescription(name: "large", family: "upscaler"),
            recipe: QuantizationRecipe(type: .f16))
        expectError("body.4.weight", "element 5", "-65520", "--keep") {
            _ = try conversion.write(to: scratch.file("out"))
        }
        #expect(scratch.names == [])
    }

    /// Copies a diffusers folder, each tensor through `change`.
    private func copyCheckpoint(
        _ name: String, to copy: String,
        _ change: (_ stage: String, SafetensorsTensor) -> SafetensorsTensor
    ) throws {
        let original = checkpoint(name)
        for file in [
            "model_index.json", "scheduler/scheduler_config.json", "text_encoder/config.json",
            "unet/config.json", "vae/config.json", "tokenizer/vocab.txt",
        ] {
            try scratch.write("\(copy)/\(file)", try readFile("\(original)/\(file)"))
        }
        for (stage, file) in [
            ("text_encoder", "model"), ("unet", "diffusion_pytorch_model"),
            ("vae", "diffusion_pytorch_model"),
        ] {
            let source = try SafetensorsFile(path: "\(original)/\(stage)/\(file).safetensors")
            let tensors = source.tensors.map { entry in
                change(
                    stage,
                    SafetensorsTensor(
                        name: entry.name, type: entry.type, shape: entry.shape,
                        bytes: Array(source.file.bytes[entry.range])))
            }
            try writeSafetensors(tensors, to: scratch.file("\(copy)/\(stage)/\(file).safetensors"))
        }
    }
}

/// `text` with its first `old` replaced.
private func replacing(_ text: String, _ old: String, _ new: String) -> String {
    text.replacing(old, with: new, maxReplacements: 1)
}

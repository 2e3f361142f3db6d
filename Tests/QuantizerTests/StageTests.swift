import Quantizer
import Testing
import WeightStore

private let recipe = QuantizationRecipe(type: .f32)

private func smallText(_ changes: JSONObject = [:]) -> JSONObject {
    var configuration: JSONObject = [
        "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1,
        "num_attention_heads": 2, "vocab_size": 10, "max_position_embeddings": 4,
    ]
    for (key, value) in changes { configuration[key] = value }
    return configuration
}

@Suite struct StageTests {
    /// The published models' sizes.
    @Test(arguments: [
        (SyntheticModel.sd15, [123_060_480, 859_520_964, 83_653_863]),
        (.sd21, [340_387_840, 865_910_724, 83_653_863]),
        (.sd15Inpaint, [123_060_480, 859_535_364, 83_653_863]),
        (.sd15ControlNet, [361_279_120]),
    ])
    func realModelsHaveTheirPublishedNumberOfWeights(model: SyntheticModel, counts: [Int]) throws {
        let stages = try Conversion.synthetic(model, seed: 0, recipe: recipe).stages
        #expect(stages.map(\.expected.parameterCount) == counts)
    }

    /// What diffusers and transformers saved has exactly the expected tensors.
    @Test(arguments: ["tiny-pai", "tiny-sd2", "../../Models/checkpoints/emoji-zh"])
    func savedModelsHaveWhatTheirConfigurationPromises(name: String) throws {
        let stages = try Conversion.open(checkpoint(name), recipe: recipe).stages
        #expect(stages.map(\.kind) == [.textEncoder, .unet, .vae])
        for stage in stages {
            #expect(stage.expected.tensors.count == stage.source.tensors.count)
        }
    }

    @Test func missingExtraAndMisshapenTensorsAreNamed() throws {
        let whole = try textStage(smallText()).expected
        let name = "text_model.encoder.layers.0.mlp.fc1.weight"
        let at = try #require(whole.tensors.firstIndex { $0.name == name })
        let missing = MemorySource(whole)
        missing.tensors.remove(at: at)
        expectError(name, "[16, 8]", "missing") { _ = try textStage(smallText(), missing) }
        let misshapen = MemorySource(whole)
        misshapen.tensors[at] = CheckpointTensor(name: name, type: .f32, shape: [8, 16])
        expectError(name, "expected shape [16, 8], found [8, 16]") {
            _ = try textStage(smallText(), misshapen)
        }
        let extra = MemorySource(whole)
        extra.tensors.append(CheckpointTensor(name: "logit_scale", type: .f32, shape: []))
        expectError("logit_scale", "no place") { _ = try textStage(smallText(), extra) }
    }

    @Test func bothSpellingsOfATensorAtOnceAreRefused() throws {
        let whole = MemorySource(try textStage(smallText()).expected)
        let twice = "final_layer_norm.bias"
        whole.tensors.append(CheckpointTensor(name: twice, type: .f32, shape: [8]))
        expectError("text_model.\(twice)", "two tensors") { _ = try textStage(smallText(), whole) }
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func weightsThatAreNotFiniteAreNamed(value: Float) throws {
        let expected = try textStage(smallText()).expected
        let name = "text_model.encoder.layers.0.mlp.fc2.weight"
        let source = MemorySource(expected) { $0 == name && $1 == 77 ? value : 0.5 }
        let stage = try textStage(smallText(), source)
        let tensor = try #require(expected.tensors.first { $0.name == name })
        expectError(name, "element 77", "\(value)") { _ = try stage.read(tensor) }
    }

    @Test(
        arguments: [
            ("hidden_size", 0), ("hidden_size", "8"), ("hidden_size", 1_000_000_000_000),
            ("num_hidden_layers", 1_000_000_000), ("num_attention_heads", 3),
            ("vocab_size", -1), ("intermediate_size", 2.5),
        ] as [(String, JSONValue)])
    func impossibleConfigurationsNameTheirKey(key: String, value: JSONValue) {
        expectError("\"\(key)\"") { _ = try textStage(smallText([key: value])) }
    }

    @Test(
        arguments: [
            ("class_embed_type", "timestep"), ("addition_embed_type", "text_time"),
            ("attention_type", "gated"), ("mid_block_type", "UNetMidBlock2D"),
            ("down_block_types", ["AttnDownBlock2D"]), ("block_out_channels", []),
            ("attention_head_dim", [5, 10]), ("cross_attention_dim", [768, 768]),
            ("transformer_layers_per_block", 1_000_000),
        ] as [(String, JSONValue)])
    func unknownVariantsOfTheUNetNameTheirKey(key: String, value: JSONValue) {
        expectError("\"\(key)\"") {
            _ = try Stage(
                kind: .unet, architecture: .unet, configuration: [key: value],
                configurationPath: "config.json", source: MemorySource([]))
        }
    }

    /// Without a source: what the model expects, as its own source.
    private func textStage(
        _ configuration: JSONObject, _ source: MemorySource? = nil
    ) throws -> Stage {
        let expected = try Architecture.clipTextModel.expectedTensors(
            configuration, path: "config.json")
        return try Stage(
            kind: .textEncoder, architecture: .clipTextModel, configuration: configuration,
            configurationPath: "config.json", source: source ?? MemorySource(expected))
    }
}

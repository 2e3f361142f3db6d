import Testing
import WeightStore

@testable import Quantizer

/// ControlNets in one file, under their authors' names.
@Suite struct ControlNetFileTests {
    private let recipe = QuantizationRecipe(type: .f32)
    /// Which tensor of the file is which of diffusers': diffusers' own conversion.
    private let pairs: JSONObject

    init() throws {
        pairs = try JSONObject.load(fixture("controlnet-file.json"))
    }

    /// - Parameter prefix: in place of `control_model.`.
    private func source(prefix: String = "control_model.") throws -> MemorySource {
        let tensors = try pairs.map { name, pair in
            let shape = try #require(pair.array?.last?.array).compactMap(\.int)
            return CheckpointTensor(
                name: prefix + name.dropFirst("control_model.".count), type: .f16, shape: shape)
        }
        return MemorySource(tensors) { name, index in
            let key = name.split(separator: ".").joined(separator: ".")
            return Float(abs(key.hashValue % 64)) + Float(index)
        }
    }

    @Test(arguments: ["control_model.", ""])
    func tensorsStandWhereDiffusersPutsThem(prefix: String) throws {
        let source = try source(prefix: prefix)
        if !prefix.isEmpty {
            // A whole model in the same file is left out.
            source.tensors.append(
                .init(name: "model.diffusion_model.out.2.bias", type: .f16, shape: [4]))
        }
        let conversion = try Conversion.open(source, recipe: recipe)
        #expect(conversion.description.family == "controlnet")
        let stage = try #require(conversion.stages.first)
        #expect(conversion.stages.count == 1 && stage.kind == .controlNet)
        for (name, pair) in pairs {
            let place = try #require(pair.array?.first?.string)
            let tensor = try #require(stage.expected.tensors.first { $0.name == place })
            let own = prefix + name.dropFirst("control_model.".count)
            #expect(try stage.read(tensor) == source.read(own), "\(name)")
        }
        #expect(stage.expected.tensors.count == pairs.count)
        #expect(stage.configuration["conditioning_embedding_out_channels"] == [16, 32, 32, 48])
        #expect(stage.configuration["block_out_channels"] == [32, 32, 64, 64])
        #expect(stage.configuration["attention_head_dim"] == [8, 8, 8, 8])
    }

    @Test func whatIsNoWholeNetIsRefused() throws {
        let differences = try source()
        differences.tensors.append(.init(name: "difference", type: .f32, shape: [1]))
        expectError("differences") { _ = try Conversion.open(differences, recipe: recipe) }
        let cut = try source()
        cut.tensors.removeAll { $0.name == "control_model.middle_block_out.0.weight" }
        expectError("controlnet_mid_block.weight") {
            _ = try Conversion.open(cut, recipe: recipe)
        }
        expectError("--tokenizer") {
            _ = try Conversion.open(
                try source(), recipe: recipe, hints: .init(tokenizer: "folder"))
        }
    }
}

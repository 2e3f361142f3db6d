import Models
import Pictures
import Quantizer
import Tensors
import Testing
import WeightStore

@testable import Pipeline

/// LoRAs beside a model's weights.
@Suite struct LoRATests {
    private let executor = Executor(threads: 2)
    private let folder = "\(TestBundle.fixtures)/lora"

    private func model(type: WeightType = .f32) throws -> DiffusionBundle {
        try InstructionSet.selectFromEnvironment()
        return try DiffusionBundle(
            path: TestBundle.path("\(TestBundle.fixtures)/tiny-pai", type: type))
    }

    private func lora(_ file: String, scale: Double) throws -> LoRA {
        try LoRA(bundle: TestBundle.path("\(folder)/\(file)", type: .f32), scale: scale)
    }

    private func evaluate(_ model: DiffusionBundle) throws -> [Float] {
        let file = try SafetensorsFile(path: "\(TestBundle.fixtures)/tiny-pai/expected.safetensors")
        return try model.unet()(
            file.tensor("unet.in", in: executor.workspace), timesteps: [500, 500],
            context: file.tokens("unet.context", in: executor.workspace), on: executor
        ).planarValues
    }

    @Test(arguments: [("pytorch_lora_weights.bin", "scale"), ("kohya.safetensors", "kohya_scale")])
    func unetMatchesDiffusers(file: String, scale: String) throws {
        let expected = try SafetensorsFile(path: folder + "/expected.safetensors")
        let scale = Double(try expected.floats(scale)[0])
        let found = try evaluate(model().adding([lora(file, scale: scale)]))
        let wanted = try expected.floats("unet.t500.out")
        expectClose(found, wanted, below: 1e-5, "lora/\(file) U-Net")
        // Which is not what the model says without it.
        #expect(relativeError(try evaluate(model()), wanted) > 1e-2)
    }

    @Test func twoHalvesAreOneWhole() throws {
        let whole = try evaluate(model().adding([lora("kohya.safetensors", scale: 0.8)]))
        let half = try lora("kohya.safetensors", scale: 0.4)
        #expect(relativeError(try evaluate(model().adding([half, half])), whole) < 1e-6)
    }

    /// The layer that a LoRA of the given shapes changes most says so: every kind of layer is adapted.
    @Test(arguments: [
        ("mid_block.attentions.0.proj_in", 64, 64, 1),
        ("mid_block.attentions.0.transformer_blocks.0.ff.net.0.proj", 64, 512, 1),
        ("mid_block.attentions.0.transformer_blocks.0.ff.net.2", 256, 64, 1),
        ("mid_block.resnets.0.conv1", 64, 64, 3),
        ("mid_block.resnets.0.time_emb_proj", 128, 64, 1),
        ("down_blocks.0.downsamplers.0.conv", 32, 32, 3),
        ("up_blocks.0.upsamplers.0.conv", 64, 64, 3),
    ]) func everyKindOfLayerIsAdapted(layer: String, inputs: Int, outputs: Int, kernel: Int) throws
    {
        let path = try TestBundle.folder(named: "lora-\(layer)")
        let source = LoRASource(layer, inputs: inputs, outputs: outputs, kernel: kernel)
        _ = try Conversion.open(source, recipe: QuantizationRecipe(type: .f32))
            .write(to: path, overwrite: true)
        for type in [WeightType.f32, .int8] {
            let plain = try evaluate(model(type: type))
            let adapted = try evaluate(
                model(type: type).adding([try LoRA(bundle: path, scale: 1)]))
            #expect(relativeError(adapted, plain) > 1e-3, "\(type)")
            let none = try evaluate(model(type: type).adding([try LoRA(bundle: path, scale: 0)]))
            #expect(relativeError(none, plain) < (type == .f32 ? 1e-6 : 1e-3), "\(type)")
        }
    }

    @Test func aPictureFollowsItsLoRAsAndSaysSo() throws {
        let plain = TextToImage(try model(type: .int8), on: executor)
        let adapted = TextToImage(
            try model(type: .int8).adding([try lora("kohya.safetensors", scale: 0.8)]), on: executor
        )
        let request = GenerationRequest(prompt: "熊猫", steps: 2, width: 64, height: 48)
        var pictures: [Picture] = []
        for painter in [plain, adapted] {
            try painter.run(try painter.plan(request)) { pictures.append($0.picture) }
        }
        #expect(pictures[0] != pictures[1])
        let text = adapted.parameters(of: try adapted.plan(request), seed: 0).text
        #expect(GenerationParameters(parsing: text)["LoRA"] == "kohya: 0.8")
    }

    @Test func aLoRAForAnotherModelIsRefused() throws {
        let emoji = try DiffusionBundle(path: TestBundle.path(EmojiTests.checkpoint, type: .int8))
        #expect(throws: (any Error).self) {
            _ = try emoji.adding([lora("kohya.safetensors", scale: 1)]).unet()
        }
        #expect(throws: PipelineError.self) {
            _ = try LoRA(bundle: TestBundle.path(EmojiTests.checkpoint, type: .int8))
        }
        #expect(throws: PipelineError.self) { _ = try lora("kohya.safetensors", scale: 11) }
    }
}

/// A LoRA of rank 2 for one layer.
private final class LoRASource: CheckpointSource {
    let path = "memory"
    let files: [String] = []
    let tensors: [CheckpointTensor]

    init(_ layer: String, inputs: Int, outputs: Int, kernel: Int) {
        let window = kernel == 1 ? [] : [kernel, kernel]
        tensors = [
            CheckpointTensor(
                name: layer + ".lora.down.weight", type: .f32, shape: [2, inputs] + window),
            CheckpointTensor(name: layer + ".lora.up.weight", type: .f32, shape: [outputs, 2]),
        ]
    }

    func read(_ name: String) throws(QuantizerError) -> [Float] {
        let count = tensors.first { $0.name == name }?.shape.reduce(1, *) ?? 0
        return (0..<count).map { Float(($0 * 37) % 101 - 50) / 100 }
    }
}

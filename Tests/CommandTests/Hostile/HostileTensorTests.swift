import Foundation
import Testing
import WeightStore

/// Weight files that are valid and hold other tensors than their model: each is named.
@Suite struct HostileTensorTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    /// A matrix, a vector and a table of each stage; of the autoencoder both halves.
    static let tensors = [
        ("text_encoder", "text_model.encoder.layers.1.mlp.fc1.weight"),
        ("text_encoder", "text_model.final_layer_norm.weight"),
        ("text_encoder", "text_model.embeddings.token_embedding.weight"),
        ("unet", "down_blocks.1.resnets.0.conv1.weight"),
        ("unet", "up_blocks.2.attentions.1.transformer_blocks.0.attn1.to_k.weight"),
        ("unet", "mid_block.resnets.1.norm2.bias"),
        ("vae", "decoder.up_blocks.1.resnets.0.conv2.weight"),
        ("vae", "encoder.down_blocks.0.resnets.0.conv1.weight"),
        ("vae", "quant_conv.bias"),
    ]

    private func draw(
        _ stage: String, _ change: (inout [DamagedModel.Tensor]) -> Void
    ) throws -> Run {
        var model = try DamagedModel(in: scratch)
        try model.rewrite(stage, change)
        return try model.draw()
    }

    @Test(arguments: tensors) func missingTensorIsNamed(stage: String, name: String) throws {
        try draw(stage) { tensors in tensors.removeAll { $0.name == name } }
            .expectRefusal(saying: "\"\(name)\" is missing", in: scratch)
    }

    @Test(arguments: tensors) func extraTensorIsNamed(stage: String, name: String) throws {
        let extra = name.replacing(/\.\d+\./, with: ".77.") + ".extra\u{1B}"
        try draw(stage) { tensors in
            tensors.append(.init(name: extra, type: .f32, layout: .plain, shape: [16]))
        }
        .expectRefusal(
            saying: extra.replacing("\u{1B}", with: "\\u{1b}"), "\(stage).safetensors",
            in: scratch)
    }

    @Test(arguments: tensors) func tensorOfAnotherShapeIsNamed(stage: String, name: String) throws {
        try draw(stage) { tensors in
            for index in tensors.indices where tensors[index].name == name {
                tensors[index].shape[0] += 16
            }
        }
        .expectRefusal(saying: "\"\(name)\": expected", in: scratch)
    }

    @Test(arguments: tensors) func tensorInAnotherFormIsNamed(stage: String, name: String) throws {
        let isMatrix = name.contains(/(conv\d|to_k|fc1)\.weight/)
        try draw(stage) { tensors in
            for index in tensors.indices where tensors[index].name == name {
                tensors[index].layout = isMatrix ? .padded : tensors[index].layout
                tensors[index].type = isMatrix ? .f32 : .i64
                tensors[index].bytes = []
            }
        }
        .expectRefusal(saying: "\"\(name)\": expected", in: scratch)
    }

    @Test(arguments: [("unet", "vae"), ("text_encoder", "unet"), ("vae", "text_encoder")])
    func stagesInEachOthersPlaceAreRefused(first: String, second: String) throws {
        var model = try DamagedModel(in: scratch)
        let (one, other) = (try model.bytes(first), try model.bytes(second))
        try model.replace(first, other)
        try model.replace(second, one)
        try model.draw().expectRefusal(saying: ".safetensors: tensor", "missing", in: scratch)
    }
}

import Testing
import WeightStore

@testable import Quantizer

/// LoRAs under each of the published namings.
@Suite struct LoRATests {
    private let recipe = QuantizationRecipe(type: .int8)

    private static let attention = "down_blocks.0.attentions.0.transformer_blocks.0.attn1"

    @Test(arguments: [
        ("\(attention).processor.to_q_lora.down.weight", "unet/\(attention).to_q/down"),
        ("unet.\(attention).processor.to_out_lora.up.weight", "unet/\(attention).to_out.0/up"),
        ("unet.\(attention).to_out.0.lora.down.weight", "unet/\(attention).to_out.0/down"),
        ("base_model.model.unet.\(attention).to_k.lora_B.weight", "unet/\(attention).to_k/up"),
        (
            "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_out_0.alpha",
            "unet/\(attention).to_out.0/alpha"
        ),
        (
            "lora_unet_mid_block_attentions_0_transformer_blocks_0_ff_net_0_proj.lora_down.weight",
            "unet/mid_block.attentions.0.transformer_blocks.0.ff.net.0.proj/down"
        ),
        (
            "lora_unet_up_blocks_1_resnets_2_time_emb_proj.lora_up.weight",
            "unet/up_blocks.1.resnets.2.time_emb_proj/up"
        ),
        (
            "lora_unet_down_blocks_2_downsamplers_0_conv.lora_down.weight",
            "unet/down_blocks.2.downsamplers.0.conv/down"
        ),
        (
            "lora_te_text_model_encoder_layers_11_self_attn_q_proj.lora_up.weight",
            "text_encoder/text_model.encoder.layers.11.self_attn.q_proj/up"
        ),
        (
            "text_encoder.text_model.encoder.layers.3.self_attn.to_out_lora.down.weight",
            "text_encoder/text_model.encoder.layers.3.self_attn.out_proj/down"
        ),
    ]) func namesAreUnderstood(name: String, wanted: String) throws {
        let found = try #require(LoRAName(name))
        #expect("\(found.stage.rawValue)/\(found.layer)/\(found.part)" == wanted)
    }

    @Test(arguments: ["down_blocks.0.resnets.0.conv1.weight", "conv_first.weight", "alpha", ""])
    func otherNamesAreNone(name: String) { #expect(LoRAName(name) == nil) }

    private func source(_ tensors: [(String, [Int])]) -> MemorySource {
        MemorySource(
            tensors.map { CheckpointTensor(name: $0.0, type: .f32, shape: $0.1) }
        ) { name, index in name.hasSuffix("alpha") ? 2 : Float(index) }
    }

    @Test func alphaIsMultipliedIn() throws {
        let layer = "lora_unet_mid_block_attentions_0_proj_in"
        let file = source([
            ("\(layer).lora_down.weight", [4, 8, 1, 1]), ("\(layer).lora_up.weight", [6, 4, 1, 1]),
            ("\(layer).alpha", []),
        ])
        let conversion = try Conversion.open(file, recipe: recipe)
        #expect(conversion.description.family == "lora")
        let stage = try #require(conversion.stages.first)
        #expect(stage.architecture == .lora)
        let up = try #require(stage.expected.tensors.first { $0.name.hasSuffix("lora_up.weight") })
        #expect(up.shape == [6, 4])
        #expect(try stage.read(up).last == 23 * 2 / 4)
        // Small, and easily hurt: LoRAs are never int8.
        for tensor in stage.expected.tensors {
            #expect(recipe.type(of: tensor, in: stage) == .f16)
        }
    }

    @Test func damagedFilesAreRefused() throws {
        expectError("half of the LoRA", "mid_block.a") {
            _ = try Conversion.open(
                source([("unet.mid_block.a.lora.down.weight", [4, 8])]), recipe: recipe)
        }
        expectError("expected shape [6, 4]", "[6, 5]") {
            _ = try Conversion.open(
                source([
                    ("a.lora.down.weight", [4, 8]), ("a.lora.up.weight", [6, 5]),
                ]), recipe: recipe)
        }
        expectError("two tensors") {
            _ = try Conversion.open(
                source([
                    ("a.lora.down.weight", [4, 8]), ("unet.a.lora_A.weight", [4, 8]),
                ]), recipe: recipe)
        }
        expectError("LoHa") {
            _ = try Conversion.open(
                source([("lora_unet_a.hada_w1_a", [4, 8])]), recipe: recipe)
        }
        expectError("a.lora.up.weight") {
            _ = try Conversion.open(
                source([
                    ("a.lora.down.weight", [4, 8]), ("a.lora.up.weight", [6]),
                ]), recipe: recipe)
        }
    }
}

import Quantizer
import Testing
import WeightStore

@Suite struct RecipeTests {
    @Test(arguments: [
        ("unet.conv_out.weight", "unet.conv_out.weight", true),
        ("unet.*conv_out*", "unet.conv_out.weight", true),
        ("unet.*conv_out*", "vae.decoder.conv_out.weight", false),
        ("*.conv?.weight", "unet.mid_block.resnets.0.conv1.weight", true),
        ("*.conv?.weight", "unet.conv_in.weight", false), ("*", "", true), ("", "a", false),
        ("", "", true), ("a*b*c", "a-b-b-c", true), ("a*b*c", "a-c-b", false), ("***", "x", true),
        ("?", "砚", true),
    ])
    func patternsFitWholeNames(pattern: String, name: String, fits: Bool) {
        #expect(Glob(pattern).matches(name) == fits)
    }

    @Test func aPatternOfManyStarsIsQuick() {
        let pattern = Glob(String(repeating: "a*", count: 50) + "b")
        #expect(!pattern.matches(String(repeating: "a", count: 2000)))
    }

    @Test func eachRoleHasItsType() throws {
        for (type, matrix, sensitive, table) in [
            (WeightType.int8, WeightType.int8, WeightType.f16, WeightType.f16),
            (.f16, .f16, .f16, .f16), (.f32, .f32, .f32, .f32),
        ] {
            let types = try types(QuantizationRecipe(type: type))
            #expect(types["unet.conv_in.weight"] == sensitive)
            #expect(types["unet.conv_out.weight"] == sensitive)
            #expect(types["unet.time_embedding.linear_1.weight"] == sensitive)
            #expect(types["vae.quant_conv.weight"] == sensitive)
            #expect(types["vae.post_quant_conv.weight"] == sensitive)
            #expect(types["vae.encoder.conv_in.weight"] == sensitive)
            #expect(types["vae.decoder.conv_in.weight"] == sensitive)
            #expect(types["unet.mid_block.resnets.0.conv1.weight"] == matrix)
            #expect(types["unet.mid_block.resnets.0.time_emb_proj.weight"] == matrix)
            #expect(types["vae.decoder.mid_block.attentions.0.to_q.weight"] == matrix)
            let text = "text_encoder.text_model."
            #expect(types[text + "encoder.layers.0.mlp.fc1.weight"] == matrix)
            #expect(types[text + "embeddings.token_embedding.weight"] == table)
            #expect(types[text + "embeddings.position_embedding.weight"] == table)
            #expect(types[text + "final_layer_norm.weight"] == .f32)
            #expect(types["unet.conv_in.bias"] == .f32)
        }
    }

    @Test func theLastExceptionThatFitsWins() throws {
        let exceptions = try ["unet.*=f32", "unet.mid_block.*=f16", "*embedding*=int8"].map {
            try QuantizationRecipe.Exception($0)
        }
        let types = try types(QuantizationRecipe(type: .int8, exceptions: exceptions))
        #expect(types["unet.conv_in.weight"] == .f32)
        #expect(types["unet.mid_block.resnets.0.conv1.weight"] == .f16)
        #expect(types["unet.mid_block.resnets.0.conv1.bias"] == .f32)
        #expect(types["unet.time_embedding.linear_1.weight"] == .int8)
        // A table is looked up row by row and has no int8 form.
        #expect(types["text_encoder.text_model.embeddings.token_embedding.weight"] == .f16)
        #expect(types["vae.decoder.mid_block.resnets.0.conv1.weight"] == .int8)
    }

    @Test(arguments: ["", "unet", "=f16", "unet.*=f8", "unet.*="])
    func aBrokenExceptionIsRefused(text: String) {
        expectError("--keep '\(text)'") { _ = try QuantizationRecipe.Exception(text) }
    }

    @Test func anExceptionThatFitsNothingIsRefused() throws {
        let recipe = QuantizationRecipe(
            type: .int8, exceptions: [try QuantizationRecipe.Exception("unet.conv_uot*=f16")])
        expectError("unet.conv_uot*", "fits no tensor") {
            _ = try Conversion.open(checkpoint("tiny-pai"), recipe: recipe)
        }
    }

    private func types(_ recipe: QuantizationRecipe) throws -> [String: WeightType] {
        var types: [String: WeightType] = [:]
        for stage in try Conversion.open(checkpoint("tiny-pai"), recipe: recipe).stages {
            for tensor in stage.expected.tensors {
                types["\(stage.kind.rawValue).\(tensor.name)"] = recipe.type(of: tensor, in: stage)
            }
        }
        return types
    }
}

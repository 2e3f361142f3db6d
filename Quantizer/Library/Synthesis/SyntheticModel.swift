import WeightStore

/// The models that can be synthesised: real shapes, made-up weights.
package enum SyntheticModel: String, CaseIterable, Sendable {
    /// Stable Diffusion 1.5: 860 million weights in the U-Net, 512×512.
    case sd15
    /// Stable Diffusion 1.5 for inpainting: its U-Net sees a mask and the rest of the picture.
    case sd15Inpaint = "sd15-inpaint"
    /// A ControlNet for Stable Diffusion 1.5, 361 million.
    case sd15ControlNet = "sd15-controlnet"
    /// TAESD, a tiny autoencoder for the latents of both: 2.4 million.
    case taesd
    /// Stable Diffusion 2.1: 866 million, 768×768, v-prediction.
    case sd21
    /// Everything small, for tests.
    case tiny

    /// The configuration of each stage, as upstream writes it.
    var configurations: [(Stage.Kind, Architecture, JSONObject)] {
        switch self {
        case .sd15ControlNet: return [(.controlNet, .controlNet, controlNet)]
        case .taesd: return [(.vae, .tinyAutoencoder, tinyAutoencoder)]
        default: break
        }
        return [
            (.textEncoder, .clipTextModel, textEncoder), (.unet, .unet, unet),
            (.vae, .autoencoder, autoencoder),
        ]
    }

    /// Whether it draws by itself.
    var isPipeline: Bool { family == "stable-diffusion" }

    /// The bundle's family.
    var family: String {
        switch self {
        case .sd15ControlNet: "controlnet"
        case .taesd: "autoencoder"
        case .sd15, .sd15Inpaint, .sd21, .tiny: "stable-diffusion"
        }
    }

    /// The scheduler's configuration.
    var scheduler: JSONObject {
        [
            "_class_name": "DDIMScheduler", "beta_start": 0.00085, "beta_end": 0.012,
            "beta_schedule": "scaled_linear", "num_train_timesteps": 1000, "clip_sample": false,
            "set_alpha_to_one": false, "steps_offset": 1, "timestep_spacing": "leading",
            "prediction_type": self == .sd21 ? "v_prediction" : "epsilon",
        ]
    }

    /// Prompt length in tokens.
    var positions: Int { self == .tiny ? 32 : 77 }
    /// Rows of the token embedding.
    var vocabularySize: Int { self == .tiny ? 21128 : 49408 }

    private var textEncoder: JSONObject {
        var sizes: JSONObject
        switch self {
        case .sd15, .sd15Inpaint, .sd15ControlNet, .taesd:
            sizes = [
                "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12,
                "num_attention_heads": 12, "hidden_act": "quick_gelu",
            ]
        case .sd21:
            sizes = [
                "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 23,
                "num_attention_heads": 16, "hidden_act": "gelu",
            ]
        case .tiny:
            sizes = [
                "hidden_size": 32, "intermediate_size": 128, "num_hidden_layers": 3,
                "num_attention_heads": 2, "hidden_act": "quick_gelu",
            ]
        }
        sizes["architectures"] = ["CLIPTextModel"]
        sizes["layer_norm_eps"] = 1e-5
        sizes["max_position_embeddings"] = .integer(Int64(positions))
        sizes["vocab_size"] = .integer(Int64(vocabularySize))
        sizes["pad_token_id"] = .integer(Int64(SyntheticTokenizer.padding))
        sizes["bos_token_id"] = .integer(Int64(SyntheticTokenizer.begin))
        sizes["eos_token_id"] = .integer(Int64(SyntheticTokenizer.end))
        return sizes
    }

    private var unet: JSONObject {
        var sizes: JSONObject
        switch self {
        case .sd15, .sd15Inpaint, .sd15ControlNet, .taesd:
            sizes = [
                "attention_head_dim": 8, "block_out_channels": [320, 640, 1280, 1280],
                "cross_attention_dim": 768, "layers_per_block": 2, "sample_size": 64,
                "use_linear_projection": false,
            ]
        case .sd21:
            sizes = [
                "attention_head_dim": [5, 10, 20, 20],
                "block_out_channels": [320, 640, 1280, 1280], "cross_attention_dim": 1024,
                "layers_per_block": 2, "sample_size": 96, "use_linear_projection": true,
            ]
        case .tiny:
            sizes = [
                "attention_head_dim": 4, "block_out_channels": [32, 32, 64, 64],
                "cross_attention_dim": 32, "layers_per_block": 1, "sample_size": 16,
                "use_linear_projection": false,
            ]
        }
        let down = "CrossAttnDownBlock2D"
        let up = "CrossAttnUpBlock2D"
        sizes["_class_name"] = "UNet2DConditionModel"
        sizes["act_fn"] = "silu"
        sizes["down_block_types"] = [.string(down), .string(down), .string(down), "DownBlock2D"]
        sizes["up_block_types"] = ["UpBlock2D", .string(up), .string(up), .string(up)]
        sizes["mid_block_type"] = "UNetMidBlock2DCrossAttn"
        sizes["in_channels"] = self == .sd15Inpaint ? 9 : 4
        sizes["out_channels"] = 4
        sizes["flip_sin_to_cos"] = true
        sizes["freq_shift"] = 0
        sizes["norm_eps"] = 1e-5
        sizes["norm_num_groups"] = 32
        sizes["downsample_padding"] = 1
        return sizes
    }

    private var controlNet: JSONObject {
        var sizes = unet
        sizes["_class_name"] = "ControlNetModel"
        sizes["conditioning_channels"] = 3
        sizes["conditioning_embedding_out_channels"] = [16, 32, 96, 256]
        sizes["controlnet_conditioning_channel_order"] = "rgb"
        return sizes
    }

    private var tinyAutoencoder: JSONObject {
        let widths: JSONValue = [64, 64, 64, 64]
        return [
            "_class_name": "AutoencoderTiny", "act_fn": "relu", "in_channels": 3,
            "out_channels": 3, "latent_channels": 4, "scaling_factor": 1,
            "encoder_block_out_channels": widths, "decoder_block_out_channels": widths,
            "num_encoder_blocks": [1, 3, 3, 3], "num_decoder_blocks": [3, 3, 3, 1],
        ]
    }

    private var autoencoder: JSONObject {
        let down = JSONValue.string("DownEncoderBlock2D")
        let up = JSONValue.string("UpDecoderBlock2D")
        return [
            "_class_name": "AutoencoderKL", "act_fn": "silu", "in_channels": 3,
            "out_channels": 3, "latent_channels": 4, "norm_num_groups": 32,
            "block_out_channels": self == .tiny ? [32, 32, 64, 64] : [128, 256, 512, 512],
            "layers_per_block": self == .tiny ? 1 : 2,
            "down_block_types": [down, down, down, down], "up_block_types": [up, up, up, up],
            "sample_size": .integer(self == .tiny ? 128 : self == .sd21 ? 768 : 512),
            "scaling_factor": 0.18215,
        ]
    }
}

extension Conversion {
    /// A model of real shapes with weights out of `seed`, to measure speed and memory with.
    package static func synthetic(
        _ model: SyntheticModel, seed: UInt64, recipe: QuantizationRecipe, name: String? = nil
    ) throws(QuantizerError) -> Conversion {
        var stages: [Stage] = []
        for (kind, architecture, configuration) in model.configurations {
            let path = "synthetic \(model.rawValue) \(kind.rawValue)"
            let expected = try architecture.expectedTensors(
                ConfigurationReader(path: path, object: configuration))
            stages.append(
                try Stage(
                    kind: kind, architecture: architecture, configuration: configuration,
                    configurationPath: path,
                    source: SyntheticSource(expected, name: kind.rawValue, seed: seed)))
        }
        var description = BundleDescription(
            name: name ?? "synthetic-\(model.rawValue)",
            family: model.family)
        if model.isPipeline { description.scheduler = model.scheduler }
        return Conversion(
            stages: stages,
            tokenizer: model.isPipeline ? SyntheticTokenizer.files(for: model) : nil,
            description: description, recipe: recipe, root: "")
    }
}

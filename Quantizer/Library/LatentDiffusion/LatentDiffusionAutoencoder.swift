import WeightStore

/// The autoencoder of a latent-diffusion checkpoint.
/// - Source: diffusers, `loaders/single_file_utils.py`; CompVis/latent-diffusion,
///   `ldm/modules/diffusionmodules/model.py`.
struct LatentDiffusionAutoencoder {
    static let prefix = "first_stage_model."

    private let names: TensorNames
    private let levels: Int

    init(_ names: TensorNames) {
        self.names = names
        levels = names.count { "encoder.down.\($0).block.0.conv1.weight" }
    }

    /// Upstream's configuration.
    func configuration(sampleSize: Int) throws(QuantizerError) -> JSONObject {
        guard levels > 0 else {
            throw .missingTensor(
                path: names.path, name: Self.prefix + "encoder.down.0.block.0.conv1.weight",
                shape: [])
        }
        var channels: [Int] = []
        for level in 0..<levels {
            channels.append(try names.extent("encoder.down.\(level).block.0.conv1.weight", 0))
        }
        let layers = names.count { "encoder.down.0.block.\($0).conv1.weight" }
        return [
            "_class_name": "AutoencoderKL", "act_fn": "silu",
            "in_channels": JSONValue(try names.extent("encoder.conv_in.weight", 1)),
            "out_channels": JSONValue(try names.extent("decoder.conv_out.weight", 0)),
            "latent_channels": JSONValue(try names.extent("decoder.conv_in.weight", 1)),
            "block_out_channels": .list(channels), "layers_per_block": JSONValue(layers),
            "down_block_types": .list(Array(repeating: "DownEncoderBlock2D", count: levels)),
            "up_block_types": .list(Array(repeating: "UpDecoderBlock2D", count: levels)),
            "norm_num_groups": 32, "sample_size": JSONValue(sampleSize),
            "scaling_factor": 0.18215,
        ]
    }

    /// The tensors under diffusers' names. What it was trained with besides, a loss, is left out.
    func tensors() -> [String: RenamedSource.Origin] {
        let modules = modules
        return names.renamed { name in
            if name.hasPrefix("loss.") || name.hasPrefix("model_ema.") { return nil }
            guard let (module, rest) = replacingModule(of: name, by: modules) else { return name }
            let inner = module.contains(".attentions.") ? Self.attentionLayers : Self.residualLayers
            guard let (layer, kind) = replacingModule(of: rest, by: inner) else {
                return "\(module).\(rest)"
            }
            return "\(module).\(layer).\(kind)"
        }
    }

    private static let residualLayers = ["nin_shortcut": "conv_shortcut"]
    private static let attentionLayers = [
        "norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0",
    ]

    private var modules: [String: String] {
        var modules: [String: String] = [:]
        for coder in ["encoder", "decoder"] {
            modules["\(coder).norm_out"] = "\(coder).conv_norm_out"
            modules["\(coder).mid.block_1"] = "\(coder).mid_block.resnets.0"
            modules["\(coder).mid.attn_1"] = "\(coder).mid_block.attentions.0"
            modules["\(coder).mid.block_2"] = "\(coder).mid_block.resnets.1"
        }
        for level in 0..<levels {
            let up = "decoder.up_blocks.\(levels - 1 - level)"
            let down = "encoder.down_blocks.\(level)"
            modules["encoder.down.\(level).downsample"] = "\(down).downsamplers.0"
            modules["decoder.up.\(level).upsample"] = "\(up).upsamplers.0"
            for block in 0..<names.count({ "encoder.down.\(level).block.\($0).conv1.weight" }) {
                modules["encoder.down.\(level).block.\(block)"] = "\(down).resnets.\(block)"
            }
            for block in 0..<names.count({ "decoder.up.\(level).block.\($0).conv1.weight" }) {
                modules["decoder.up.\(level).block.\(block)"] = "\(up).resnets.\(block)"
            }
        }
        return modules
    }
}

import WeightStore

/// The U-Net of a latent-diffusion checkpoint: its configuration, as names and shapes tell it, and
/// diffusers' names of its tensors.
/// - Source: diffusers, `loaders/single_file_utils.py`; CompVis/latent-diffusion,
///   `ldm/modules/diffusionmodules/openaimodel.py`.
struct LatentDiffusionUNet {
    static let prefix = "model.diffusion_model."

    /// The blocks on the way down that compute at one size.
    private struct Level {
        /// The numbers of its residual blocks in `input_blocks`.
        var blocks: [Int] = []
        var downsampler: Int?
    }

    private let names: TensorNames
    private let levels: [Level]

    private static let blockLimit = 128

    init(_ names: TensorNames) throws(QuantizerError) {
        var levels = [Level()]
        for block in 1..<Self.blockLimit {
            if names.has("input_blocks.\(block).0.op.weight") {
                levels[levels.count - 1].downsampler = block
                levels.append(Level())
            } else if names.has("input_blocks.\(block).0.in_layers.2.weight") {
                levels[levels.count - 1].blocks.append(block)
            } else {
                break
            }
        }
        guard levels.allSatisfy({ !$0.blocks.isEmpty }) else {
            throw .unsupported(
                path: names.path,
                what: "\(Self.prefix)input_blocks is not a U-Net's way down: a size without a "
                    + "residual block")
        }
        self.names = names
        self.levels = levels
    }

    var inputs: Int {
        get throws(QuantizerError) { try names.extent("input_blocks.0.0.weight", 1) }
    }

    /// Width of the text's hidden states.
    var context: Int {
        get throws(QuantizerError) {
            try names.extent("middle_block.1.transformer_blocks.0.attn2.to_k.weight", 1)
        }
    }

    /// Whether the transformers' projections are linear layers, as in Stable Diffusion 2.
    var isProjectionLinear: Bool {
        names.tensors["middle_block.1.proj_in.weight"]?.shape.count == 2
    }

    /// Upstream's configuration. Heads cannot be seen in shapes.
    /// - Parameters:
    ///   - heads: of a level with so many channels.
    ///   - sampleSize: sides of the latents that the model was trained with.
    func configuration(
        heads: (Int) -> Int, sampleSize: Int
    ) throws(QuantizerError) -> JSONObject {
        var object = try encoderConfiguration(heads: heads)
        object["_class_name"] = "UNet2DConditionModel"
        object["out_channels"] = JSONValue(try names.extent("out.2.weight", 0))
        object["up_block_types"] = .list(
            isCrossed.reversed().map { $0 ? "CrossAttnUpBlock2D" : "UpBlock2D" })
        object["sample_size"] = JSONValue(sampleSize)
        return object
    }

    /// Whether the text is attended to, by levels.
    private var isCrossed: [Bool] {
        levels.map { names.has("input_blocks.\($0.blocks[0]).1.norm.weight") }
    }

    /// What is said of the way down and the middle: all of it, for a ControlNet.
    func encoderConfiguration(
        heads: (Int) -> Int
    ) throws(QuantizerError) -> JSONObject {
        var channels: [Int] = []
        for level in levels {
            channels.append(
                try names.extent("input_blocks.\(level.blocks[0]).0.in_layers.2.weight", 0))
        }
        let depth = names.count { "middle_block.1.transformer_blocks.\($0).norm1.weight" }
        return [
            "act_fn": "silu", "in_channels": JSONValue(try inputs),
            "block_out_channels": .list(channels),
            "layers_per_block": .list(levels.map(\.blocks.count)),
            "down_block_types": .list(
                isCrossed.map { $0 ? "CrossAttnDownBlock2D" : "DownBlock2D" }),
            "mid_block_type": "UNetMidBlock2DCrossAttn",
            "cross_attention_dim": JSONValue(try context),
            "attention_head_dim": .list(channels.map(heads)),
            "transformer_layers_per_block": JSONValue(max(depth, 1)),
            "use_linear_projection": .bool(isProjectionLinear),
            "norm_num_groups": 32, "norm_eps": 1e-5, "flip_sin_to_cos": true, "freq_shift": 0,
            "downsample_padding": 1,
        ]
    }

    /// The tensors under diffusers' names.
    /// - Parameter more: names of modules that stand beside the U-Net's own.
    func tensors(_ more: [String: String] = [:]) -> [String: RenamedSource.Origin] {
        let modules = modules.merging(more) { own, _ in own }
        return names.renamed { name in
            guard let (module, rest) = replacingModule(of: name, by: modules) else { return name }
            guard module.contains(".resnets."),
                let (layer, kind) = replacingModule(of: rest, by: Self.residualLayers)
            else { return "\(module).\(rest)" }
            return "\(module).\(layer).\(kind)"
        }
    }

    private static let residualLayers = [
        "in_layers.0": "norm1", "in_layers.2": "conv1", "emb_layers.1": "time_emb_proj",
        "out_layers.0": "norm2", "out_layers.3": "conv2", "skip_connection": "conv_shortcut",
    ]

    /// Diffusers' names of the modules.
    private var modules: [String: String] {
        var modules = [
            "time_embed.0": "time_embedding.linear_1", "time_embed.2": "time_embedding.linear_2",
            "input_blocks.0.0": "conv_in", "middle_block.0": "mid_block.resnets.0",
            "middle_block.1": "mid_block.attentions.0", "middle_block.2": "mid_block.resnets.1",
            "out.0": "conv_norm_out", "out.2": "conv_out",
        ]
        for (index, level) in levels.enumerated() {
            for (layer, block) in level.blocks.enumerated() {
                modules["input_blocks.\(block).0"] = "down_blocks.\(index).resnets.\(layer)"
                modules["input_blocks.\(block).1"] = "down_blocks.\(index).attentions.\(layer)"
            }
            if let block = level.downsampler {
                modules["input_blocks.\(block).0.op"] = "down_blocks.\(index).downsamplers.0.conv"
            }
        }
        var block = 0
        for (step, level) in levels.reversed().enumerated() {
            for layer in 0...level.blocks.count {
                modules["output_blocks.\(block).0"] = "up_blocks.\(step).resnets.\(layer)"
                modules["output_blocks.\(block).1"] = "up_blocks.\(step).attentions.\(layer)"
                // The upsampler stands behind the attention, where there is one.
                for place in 1...2 {
                    modules["output_blocks.\(block).\(place).conv"] =
                        "up_blocks.\(step).upsamplers.0.conv"
                }
                block += 1
            }
        }
        return modules
    }
}

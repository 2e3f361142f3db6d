internal import Layers
internal import Tensors
package import WeightStore

/// The hyper-parameters of an autoencoder, from diffusers' `vae/config.json`.
package struct AutoencoderConfiguration: Sendable {
    package let latentSpace: LatentSpace
    let blockOutChannels: [Int]
    let layersPerBlock: Int
    let groups: Int
    let hasMiddleAttention: Bool
    let hasQuantConv: Bool
    let hasPostQuantConv: Bool

    var pictureChannels: Int { latentSpace.pictureChannels }
    var latentChannels: Int { latentSpace.latentChannels }

    static let epsilon = 1e-6

    package init(_ object: JSONObject) throws {
        let reader = ConfigurationReader(model: "AutoencoderKL", object: object)
        try reader.require("act_fn", .string("silu"))
        for key in ["latents_mean", "latents_std", "shift_factor"] {
            if let value = reader.present(key) { throw reader.unsupported(key, value.text) }
        }
        _ = try reader.int("out_channels", in: 3...3, default: 3)
        let channels = try reader.ints("block_out_channels", in: 1...16384, count: 1...8)
        blockOutChannels = channels
        latentSpace = LatentSpace(
            pictureChannels: try reader.int("in_channels", in: 3...3, default: 3),
            latentChannels: try reader.int("latent_channels", in: 1...64, default: 4),
            scalingFactor: try reader.positive("scaling_factor", default: 0.18215),
            pixelsPerLatent: 1 << (channels.count - 1),
            truncatesPixels: try reader.bool("truncate_pixels", default: false))
        layersPerBlock = try reader.int("layers_per_block", in: 1...16, default: 1)
        groups = try reader.int("norm_num_groups", in: 1...1024, default: 32)
        hasMiddleAttention = try reader.bool("mid_block_add_attention", default: true)
        hasQuantConv = try reader.bool("use_quant_conv", default: true)
        hasPostQuantConv = try reader.bool("use_post_quant_conv", default: true)
        _ = try reader.names(
            "down_block_types", count: channels.count, known: ["DownEncoderBlock2D"])
        _ = try reader.names("up_block_types", count: channels.count, known: ["UpDecoderBlock2D"])
        let groups = groups
        guard channels.allSatisfy({ $0 % groups == 0 }), channels.last.map({ $0 <= 512 }) == true
        else {
            throw reader.invalid(
                "block_out_channels",
                "multiples of norm_num_groups \(groups), the last at most 512",
                reader.present("block_out_channels"))
        }
    }

    var style: ResnetBlock.Style { .init(groups: groups, epsilon: Self.epsilon, timeChannels: nil) }
}

/// The middle of encoder and decoder: two residual blocks around a single-head attention.
struct AutoencoderMiddle: Sendable {
    private let first: ResnetBlock
    private let attention: (norm: GroupNorm, layer: Attention)?
    private let second: ResnetBlock

    init(
        _ name: String, channels: Int, configuration: AutoencoderConfiguration,
        from weights: WeightReader
    ) throws {
        let style = configuration.style
        first = try ResnetBlock(
            name + ".resnets.0", channels: channels, outputs: channels, style: style,
            from: weights)
        attention =
            configuration.hasMiddleAttention
            ? (
                try GroupNorm(
                    name + ".attentions.0.group_norm", channels: channels,
                    groups: configuration.groups, epsilon: style.epsilon, from: weights),
                try Attention(
                    name + ".attentions.0", channels: channels, contextChannels: channels,
                    inner: channels, heads: 1, names: .autoencoder, from: weights)
            ) : nil
        second = try ResnetBlock(
            name + ".resnets.1", channels: channels, outputs: channels, style: style,
            from: weights)
    }

    /// The input's memory is let go as soon as it was read.
    func callAsFunction(_ input: consuming Tensor, on executor: Executor) -> Tensor {
        var x = input
        x = first([x], on: executor)
        if let attention {
            let norm = attention.norm([x], thenSiLU: false, on: executor)
            x = attention.layer(
                x.asTokens, scaledBy: norm, residual: Residual(x.asTokens), on: executor
            ).asPicture(height: x.shape.height, width: x.shape.width)
        }
        return second([x], on: executor)
    }
}

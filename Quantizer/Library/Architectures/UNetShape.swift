/// The sizes of a UNet2DConditionModel, level 0 being the widest picture.
struct UNetShape {
    let inputs: Int
    let outputs: Int
    let inputKernel: Int
    let outputKernel: Int
    /// Width of the time embedding.
    let time: Int
    /// Channels of each level.
    let channels: [Int]
    /// Residual blocks of each level on the way down; one more on the way up.
    let layers: [Int]
    /// Width of the text context at each level.
    let context: [Int]
    /// Transformer blocks at each level on the way down, and at each step on the way up.
    let depths: [Int]
    let upDepths: [Int]
    /// Whether a level has attention on the way down, and a step on the way up.
    let downAttention: [Bool]
    let upAttention: [Bool]
    /// Whether the transformer's projections are linear layers; 1×1 convolutions otherwise.
    let linearProjection: Bool

    // What the runtime takes. The two multiply: the list of all tensors must not outgrow the memory.
    private static let layerLimit = 16
    private static let depthLimit = 64

    /// Options of upstream's class that change the model in ways that are not known here.
    private static let foreign = [
        "addition_embed_type", "class_embed_type", "class_embeddings_concat",
        "cross_attention_norm", "dual_cross_attention", "encoder_hid_dim",
        "encoder_hid_dim_type", "mid_block_only_cross_attention", "num_class_embeds",
        "only_cross_attention", "resnet_skip_time_act", "reverse_transformer_layers_per_block",
        "time_cond_proj_dim", "time_embedding_act_fn", "timestep_post_act",
    ]

    /// Reads a configuration. Throws for a variant of the class that is not known.
    init(_ configuration: ConfigurationReader) throws(QuantizerError) {
        try Self.refuseVariants(configuration)
        inputs = try configuration.size("in_channels", default: 4)
        outputs = try configuration.size("out_channels", default: 4)
        inputKernel = try configuration.size("conv_in_kernel", default: 3, limit: 7)
        outputKernel = try configuration.size("conv_out_kernel", default: 3, limit: 7)
        channels = try configuration.sizeList(
            "block_out_channels", default: [320, 640, 1280, 1280])
        let levels = channels.count
        time = try configuration.size("time_embedding_dim", default: 4 * channels[0])
        layers = try configuration.sizes(
            "layers_per_block", count: levels, default: 2, limit: Self.layerLimit)
        context = try configuration.sizes("cross_attention_dim", count: levels, default: 1280)
        depths = try configuration.sizes(
            "transformer_layers_per_block", count: levels, default: 1, limit: Self.depthLimit)
        upDepths = depths.reversed()
        linearProjection = try configuration.flag("use_linear_projection", default: false)
        downAttention = try Self.attention(
            configuration, "down_block_types", "DownBlock2D", levels, first: true)
        upAttention = try Self.attention(
            configuration, "up_block_types", "UpBlock2D", levels, first: false)
        try Self.checkHeads(configuration, channels)
    }

    private static func refuseVariants(
        _ configuration: ConfigurationReader
    ) throws(QuantizerError) {
        try configuration.require(absent: foreign)
        for (key, only) in [
            ("attention_type", "default"), ("mid_block_type", "UNetMidBlock2DCrossAttn"),
            ("resnet_time_scale_shift", "default"), ("time_embedding_type", "positional"),
            ("act_fn", "silu"),
        ] where try configuration.string(key, default: only) != only {
            throw configuration.failure(key, expected: "\"\(only)\"")
        }
    }

    /// Which levels have attention, from the names of their blocks.
    private static func attention(
        _ configuration: ConfigurationReader, _ key: String, _ plain: String, _ levels: Int,
        first: Bool
    ) throws(QuantizerError) -> [Bool] {
        let crossed = "CrossAttn" + plain
        var usual = Array(repeating: crossed, count: levels)
        usual[first ? levels - 1 : 0] = plain
        let types = try configuration.strings(key, default: usual)
        guard types.count == levels, types.allSatisfy({ $0 == plain || $0 == crossed }) else {
            throw configuration.failure(
                key, expected: "\(levels) of \"\(plain)\" and \"\(crossed)\"")
        }
        return types.map { $0 == crossed }
    }

    /// Upstream's `attention_head_dim` is, by an old mistake, the number of heads, unless
    /// `num_attention_heads` gives it. Channels that do not divide would change the shapes.
    private static func checkHeads(
        _ configuration: ConfigurationReader, _ channels: [Int]
    ) throws(QuantizerError) {
        let key =
            configuration.has("num_attention_heads") ? "num_attention_heads" : "attention_head_dim"
        let heads = try configuration.sizes(key, count: channels.count, default: 8)
        for (width, count) in zip(channels, heads) where !width.isMultiple(of: count) {
            throw configuration.failure(
                key, expected: "numbers of heads that divide \(channels)")
        }
    }
}

package import WeightStore

/// The hyper-parameters of a U-Net, from diffusers' `unet/config.json`.
package struct UNetConfiguration: Sendable {
    /// Channels of the input and the output: 4 and 4 for text to image.
    package let inChannels: Int
    package let outChannels: Int
    /// Channels of the text's hidden states.
    package let crossAttentionDim: Int
    /// Default size of the latents.
    package let sampleSize: Int
    let blockOutChannels: [Int]
    let layersPerBlock: [Int]
    let downHasAttention: [Bool]
    let upHasAttention: [Bool]
    let heads: [Int]
    let depth: [Int]
    let groups: Int
    let epsilon: Double
    let downsamplePadding: Int
    let flipSinToCos: Bool
    let freqShift: Double

    /// The input's sides are halved this often on the way down.
    package var downsamplings: Int { blockOutChannels.count - 1 }
    var timeChannels: Int { 4 * blockOutChannels[0] }

    /// Channels of each activation that is kept on the way down.
    package var skipChannels: [Int] {
        var channels = [blockOutChannels[0]]
        for (level, width) in blockOutChannels.enumerated() {
            let isLast = level == blockOutChannels.count - 1
            channels += Array(repeating: width, count: layersPerBlock[level] + (isLast ? 0 : 1))
        }
        return channels
    }

    package init(_ object: JSONObject) throws {
        let reader = ConfigurationReader(model: "UNet2DConditionModel", object: object)
        try Self.refuseUnknownParts(reader)
        inChannels = try reader.int("in_channels", in: 1...64, default: 4)
        outChannels = try reader.int("out_channels", in: 1...64, default: 4)
        crossAttentionDim = try reader.int("cross_attention_dim", in: 1...16384, default: 1280)
        sampleSize = try reader.int("sample_size", in: 1...4096, default: 64)
        let channels = try reader.ints("block_out_channels", in: 1...16384)
        let levels = channels.count
        blockOutChannels = channels
        layersPerBlock = try reader.intPerLevel(
            "layers_per_block", count: levels, in: 1...16, default: 2)
        downHasAttention = try reader.names(
            "down_block_types", count: levels, known: ["CrossAttnDownBlock2D", "DownBlock2D"]
        ).map { $0.hasPrefix("CrossAttn") }
        upHasAttention = try reader.names(
            "up_block_types", count: levels, known: ["CrossAttnUpBlock2D", "UpBlock2D"]
        ).map { $0.hasPrefix("CrossAttn") }
        // Upstream's old misnomer: attention_head_dim is the number of heads unless that is given too.
        let headsKey =
            reader.present("num_attention_heads") == nil
            ? "attention_head_dim" : "num_attention_heads"
        let heads = try reader.intPerLevel(headsKey, count: levels, in: 1...1024, default: 8)
        self.heads = heads
        depth = try reader.intPerLevel(
            "transformer_layers_per_block", count: levels, in: 1...64, default: 1)
        groups = try reader.int("norm_num_groups", in: 1...1024, default: 32)
        epsilon = try reader.positive("norm_eps", default: 1e-5)
        downsamplePadding = try reader.int("downsample_padding", in: 1...1, default: 1)
        flipSinToCos = try reader.bool("flip_sin_to_cos", default: true)
        freqShift = Double(try reader.int("freq_shift", in: 0...1, default: 0))

        for (level, width) in channels.enumerated() {
            guard width % groups == 0 else {
                throw reader.invalid(
                    "block_out_channels", "multiples of norm_num_groups \(groups)",
                    reader.present("block_out_channels"))
            }
            guard width % heads[level] == 0, width / heads[level] <= 512 else {
                throw reader.invalid(
                    headsKey, "a divisor of each level's channels", reader.present(headsKey))
            }
        }
        guard channels[0] > 2 else {
            throw reader.invalid("block_out_channels", "more than 2 channels", nil)
        }
    }

    private static func refuseUnknownParts(_ reader: ConfigurationReader) throws {
        try reader.require("act_fn", .string("silu"))
        try reader.require("mid_block_type", .string("UNetMidBlock2DCrossAttn"))
        try reader.require("resnet_time_scale_shift", .string("default"))
        try reader.require("time_embedding_type", .string("positional"))
        try reader.require("attention_type", .string("default"))
        for key in [
            "dual_cross_attention", "only_cross_attention", "center_input_sample",
            "class_embeddings_concat", "resnet_skip_time_act",
        ] {
            try reader.require(key, .bool(false))
        }
        for key in [
            "class_embed_type", "addition_embed_type", "encoder_hid_dim", "num_class_embeds",
            "time_cond_proj_dim", "time_embedding_act_fn", "timestep_post_act",
            "reverse_transformer_layers_per_block", "cross_attention_norm", "time_embedding_dim",
        ] {
            if let value = reader.present(key) { throw reader.unsupported(key, value.text) }
        }
        for key in ["conv_in_kernel", "conv_out_kernel"] {
            guard try reader.int(key, in: 1...15, default: 3) == 3 else {
                throw reader.unsupported(key, reader.present(key)?.text ?? "")
            }
        }
    }
}

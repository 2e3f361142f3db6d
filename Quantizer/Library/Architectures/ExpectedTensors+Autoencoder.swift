extension ExpectedTensors {
    /// AutoencoderKL: the decoder first, since text-to-image runs nothing else, then the encoder.
    /// - Source: diffusers, `models/autoencoders/{autoencoder_kl,vae}.py`.
    static func autoencoder(
        _ configuration: ConfigurationReader
    ) throws(QuantizerError) -> ExpectedTensors {
        let shape = try AutoencoderShape(configuration)
        let latent = shape.latentChannels
        var list = ExpectedTensors()
        if try configuration.flag("use_post_quant_conv", default: true) {
            list.convolution("post_quant_conv", latent, latent, kernel: 1)
        }
        list.autoencoderDecoder(shape)
        list.autoencoderEncoder(shape)
        if try configuration.flag("use_quant_conv", default: true) {
            list.convolution("quant_conv", 2 * latent, 2 * latent, kernel: 1)
        }
        return list
    }

    private mutating func autoencoderDecoder(_ shape: AutoencoderShape) {
        let channels = Array(shape.channels.reversed())
        var width = channels[0]
        convolution("decoder.conv_in", shape.latentChannels, width)
        autoencoderMiddle("decoder.mid_block", width, attention: shape.middleAttention)
        for (level, outputs) in channels.enumerated() {
            let name = "decoder.up_blocks.\(level)"
            for layer in 0...shape.layers {
                resnet("\(name).resnets.\(layer)", width, outputs)
                width = outputs
            }
            if level < channels.count - 1 {
                convolution("\(name).upsamplers.0.conv", width, width)
            }
        }
        norm("decoder.conv_norm_out", width)
        convolution("decoder.conv_out", width, shape.outputs)
    }

    private mutating func autoencoderEncoder(_ shape: AutoencoderShape) {
        var width = shape.channels[0]
        convolution("encoder.conv_in", shape.inputs, width)
        for (level, outputs) in shape.channels.enumerated() {
            let name = "encoder.down_blocks.\(level)"
            for layer in 0..<shape.layers {
                resnet("\(name).resnets.\(layer)", width, outputs)
                width = outputs
            }
            if level < shape.channels.count - 1 {
                convolution("\(name).downsamplers.0.conv", width, width)
            }
        }
        autoencoderMiddle("encoder.mid_block", width, attention: shape.middleAttention)
        norm("encoder.conv_norm_out", width)
        convolution("encoder.conv_out", width, 2 * shape.latentChannels)
    }

    private mutating func autoencoderMiddle(_ name: String, _ width: Int, attention: Bool) {
        resnet("\(name).resnets.0", width, width)
        if attention {
            norm("\(name).attentions.0.group_norm", width)
            for part in ["to_q", "to_k", "to_v", "to_out.0"] {
                linear("\(name).attentions.0.\(part)", width, width)
            }
        }
        resnet("\(name).resnets.1", width, width)
    }
}

/// The sizes of an autoencoder.
private struct AutoencoderShape {
    let inputs: Int
    let outputs: Int
    let latentChannels: Int
    let channels: [Int]
    let layers: Int
    let middleAttention: Bool

    init(_ configuration: ConfigurationReader) throws(QuantizerError) {
        inputs = try configuration.size("in_channels", default: 3)
        outputs = try configuration.size("out_channels", default: 3)
        latentChannels = try configuration.size("latent_channels", default: 4)
        channels = try configuration.sizeList("block_out_channels", default: [64])
        layers = try configuration.size(
            "layers_per_block", default: 1, limit: ConfigurationReader.countLimit)
        middleAttention = try configuration.flag("mid_block_add_attention", default: true)
        for (key, type) in [
            ("down_block_types", "DownEncoderBlock2D"), ("up_block_types", "UpDecoderBlock2D"),
        ] {
            let types = try configuration.strings(key, default: [type])
            guard types == Array(repeating: type, count: channels.count) else {
                throw configuration.failure(key, expected: "\(channels.count) times \"\(type)\"")
            }
        }
    }
}

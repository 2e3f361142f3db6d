extension ExpectedTensors {
    /// AutoencoderTiny: the decoder first, since text-to-image runs nothing else, then the encoder. Layers
    /// are counted through, activations and doublings included.
    /// - Source: diffusers, `models/autoencoders/{autoencoder_tiny,vae}.py`.
    static func tinyAutoencoder(
        _ configuration: ConfigurationReader
    ) throws(QuantizerError) -> ExpectedTensors {
        let pixels = try configuration.size("in_channels", default: 3)
        let latents = try configuration.size("latent_channels", default: 4)
        var list = ExpectedTensors()
        list.tinyDecoder(
            channels: try channels("decoder_block_out_channels", configuration),
            blocks: try blocks("num_decoder_blocks", [3, 3, 3, 1], configuration),
            latents: latents, pixels: pixels)
        list.tinyEncoder(
            channels: try channels("encoder_block_out_channels", configuration),
            blocks: try blocks("num_encoder_blocks", [1, 3, 3, 3], configuration),
            latents: latents, pixels: pixels)
        return list
    }

    private static func channels(
        _ key: String, _ configuration: ConfigurationReader
    ) throws(QuantizerError) -> Int {
        let list = try configuration.sizeList(key, default: [64, 64, 64, 64])
        guard list.allSatisfy({ $0 == list[0] }) else {
            throw configuration.failure(key, expected: "one width throughout")
        }
        return list[0]
    }

    private static func blocks(
        _ key: String, _ fallback: [Int], _ configuration: ConfigurationReader
    ) throws(QuantizerError) -> [Int] {
        let list = try configuration.sizeList(key, default: fallback)
        guard list.allSatisfy({ $0 <= ConfigurationReader.countLimit }) else {
            throw configuration.failure(
                key, expected: "integers from 1 to \(ConfigurationReader.countLimit)")
        }
        return list
    }

    private mutating func tinyDecoder(channels: Int, blocks: [Int], latents: Int, pixels: Int) {
        convolution("decoder.layers.0", latents, channels)
        var index = 2
        for (level, count) in blocks.enumerated() {
            let isLast = level == blocks.count - 1
            for _ in 0..<count {
                tinyBlock("decoder.layers.\(index)", channels)
                index += 1
            }
            if !isLast { index += 1 }
            convolution(
                "decoder.layers.\(index)", channels, isLast ? pixels : channels, bias: isLast)
            index += 1
        }
    }

    private mutating func tinyEncoder(channels: Int, blocks: [Int], latents: Int, pixels: Int) {
        var index = 0
        for (level, count) in blocks.enumerated() {
            convolution(
                "encoder.layers.\(index)", level == 0 ? pixels : channels, channels,
                bias: level == 0)
            index += 1
            for _ in 0..<count {
                tinyBlock("encoder.layers.\(index)", channels)
                index += 1
            }
        }
        convolution("encoder.layers.\(index)", channels, latents)
    }

    private mutating func tinyBlock(_ name: String, _ channels: Int) {
        for part in [0, 2, 4] { convolution("\(name).conv.\(part)", channels, channels) }
    }
}

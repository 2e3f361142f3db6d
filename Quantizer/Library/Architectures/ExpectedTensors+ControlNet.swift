extension ExpectedTensors {
    /// ControlNetModel: a U-Net's first half, what it sees of the picture, and a 1×1 convolution for each
    /// activation that it adds to.
    /// - Source: diffusers, `models/controlnets/controlnet.py`.
    static func controlNet(
        _ configuration: ConfigurationReader
    ) throws(QuantizerError) -> ExpectedTensors {
        let shape = try UNetShape(configuration)
        let widths = try configuration.sizeList(
            "conditioning_embedding_out_channels", default: [16, 32, 96, 256])
        let picture = try configuration.size("conditioning_channels", default: 3)
        var list = ExpectedTensors()
        list.unetBeginning(shape)
        let name = "controlnet_cond_embedding"
        list.convolution(name + ".conv_in", picture, widths[0])
        for index in 0..<2 * (widths.count - 1) {
            list.convolution("\(name).blocks.\(index)", widths[index / 2], widths[(index + 1) / 2])
        }
        list.convolution(name + ".conv_out", widths[widths.count - 1], shape.channels[0])
        list.unetDown(shape)
        list.unetMiddle(shape)
        var skips = [shape.channels[0]]
        for (level, width) in shape.channels.enumerated() {
            let isLast = level == shape.channels.count - 1
            skips += Array(repeating: width, count: shape.layers[level] + (isLast ? 0 : 1))
        }
        for (index, width) in skips.enumerated() {
            list.convolution("controlnet_down_blocks.\(index)", width, width, kernel: 1)
        }
        let deepest = shape.channels[shape.channels.count - 1]
        list.convolution("controlnet_mid_block", deepest, deepest, kernel: 1)
        return list
    }
}

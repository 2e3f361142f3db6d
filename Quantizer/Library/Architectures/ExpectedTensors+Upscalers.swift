extension ExpectedTensors {
    /// RRDBNet, which is ESRGAN's generator. At ×2 and ×1 its input is pixel-unshuffled by 2 and 4.
    /// - Source: BasicSR, `archs/rrdbnet_arch.py`.
    static func rrdbNet(
        _ configuration: ConfigurationReader
    ) throws(QuantizerError) -> ExpectedTensors {
        let inputs = try configuration.size("num_in_ch", limit: 64)
        let outputs = try configuration.size("num_out_ch", limit: 64)
        let features = try configuration.size("num_feat", default: 64)
        let blocks = try configuration.size(
            "num_block", default: 23, limit: ConfigurationReader.countLimit)
        let growth = try configuration.size("num_grow_ch", default: 32)
        let scale = try configuration.size("scale", default: 4, limit: 4)
        guard scale != 3 else { throw configuration.failure("scale", expected: "1, 2 or 4") }
        let unshuffled = (4 / scale) * (4 / scale)
        var list = ExpectedTensors()
        list.convolution("conv_first", inputs * unshuffled, features)
        for block in 0..<blocks {
            for dense in 1...3 {
                for layer in 1...5 {
                    list.convolution(
                        "body.\(block).rdb\(dense).conv\(layer)",
                        features + (layer - 1) * growth, layer == 5 ? features : growth)
                }
            }
        }
        for name in ["conv_body", "conv_up1", "conv_up2", "conv_hr"] {
            list.convolution(name, features, features)
        }
        list.convolution("conv_last", features, outputs)
        return list
    }

    /// SRVGGNetCompact: plain convolutions with an activation after each but the last.
    /// - Source: Real-ESRGAN, `archs/srvgg_arch.py`.
    static func compactNet(
        _ configuration: ConfigurationReader
    ) throws(QuantizerError) -> ExpectedTensors {
        let inputs = try configuration.size("num_in_ch", limit: 64)
        let outputs = try configuration.size("num_out_ch", limit: 64)
        let features = try configuration.size("num_feat", default: 64)
        let layers = try configuration.size(
            "num_conv", default: 16, limit: ConfigurationReader.countLimit)
        let scale = try configuration.size("upscale", default: 4, limit: 16)
        let activation = try configuration.string("act_type", default: "prelu")
        guard ["prelu", "relu", "leakyrelu"].contains(activation) else {
            throw configuration.failure("act_type", expected: "prelu, relu or leakyrelu")
        }
        var list = ExpectedTensors()
        for layer in 0...layers {
            list.convolution("body.\(2 * layer)", layer == 0 ? inputs : features, features)
            if activation == "prelu" { list.vector("body.\(2 * layer + 1).weight", features) }
        }
        list.convolution("body.\(2 * layers + 2)", features, outputs * scale * scale)
        return list
    }
}

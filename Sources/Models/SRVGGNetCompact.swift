package import Layers
package import Tensors
package import WeightStore

/// Real-ESRGAN's compact net: plain convolutions at the input's size, one pixel shuffle at the end.
///
/// y = shuffle(net(x)) + nearest(x).
/// - Source: Wang et al., arXiv:2107.10833; Real-ESRGAN's srvgg_arch.py.
package struct SRVGGNetCompact: Upscaler {
    package let scale: Int
    package let alignment = 1
    package var reach: Int { layers.count }
    private let layers: [(convolution: Convolution, activation: Activation)]

    package init(configuration: JSONObject, weights: WeightReader) throws {
        let reader = ConfigurationReader(model: "SRVGGNetCompact", object: configuration)
        let inputs = try reader.int("num_in_ch", in: 3...3, default: 3)
        let outputs = try reader.int("num_out_ch", in: 3...3, default: 3)
        let features = try reader.int("num_feat", in: 1...1024, default: 64)
        let count = try reader.int("num_conv", in: 1...256, default: 16)
        let scale = try reader.int("upscale", in: 1...8, default: 4)
        let act = try reader.string("act_type", default: "prelu")
        self.scale = scale
        layers = try (0...(count + 1)).map { index in
            let isLast = index == count + 1
            let convolution = try Convolution(
                "body.\(2 * index)", channels: index == 0 ? inputs : features,
                outputs: isLast ? outputs * scale * scale : features,
                window: .same(kernel: 3), from: weights)
            guard !isLast else { return (convolution, .none) }
            switch act {
            case "prelu":
                let slope = try weights.vector("body.\(2 * index + 1).weight", count: features)
                return (convolution, .prelu(slope))
            case "leakyrelu": return (convolution, .leakyReLU(slope: 0.1))
            case "relu": return (convolution, .leakyReLU(slope: 0))
            default: throw reader.unsupported("act_type", act)
            }
        }
        try weights.finish()
    }

    package func enlarge(
        _ picture: Tensor, image: Int, tiling: Tiling, on executor: Executor,
        each: (_ row: Int, _ values: Span<Float>) throws -> Void
    ) rethrows {
        var graph = RowGraph(givenOneOf: picture.shape)
        var x = RowGraph.given
        for layer in layers {
            x = graph.append(.init(layer.convolution, [x], activation: layer.activation))
        }
        let shuffle = ShuffledRow(adding: picture, image: image, factor: scale)
        try graph.run(RowStore(picture, image: image), tiling: tiling, on: executor) {
            row, values in
            try shuffle.enlarge(row, values, each: each)
        }
    }
}

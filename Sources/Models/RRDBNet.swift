package import Layers
package import Tensors
package import WeightStore

/// ESRGAN's generator: residual-in-residual dense blocks, then two nearest-neighbour doublings.
///
/// The factors 2 and 1 unshuffle pixels into channels first and so run the same net on a smaller grid.
/// - Source: Wang et al., arXiv:1809.00219; BasicSR's rrdbnet_arch.py.
package struct RRDBNet: Upscaler {
    /// Five convolutions, each reading everything before it: y = x + 0.2 · conv5(x, x₁, …, x₄).
    private struct DenseBlock: Sendable {
        let convolutions: [Convolution]

        /// - Parameter outer: what the sum is scaled once more and added to, if anything.
        func append(
            to graph: inout RowGraph, _ x: RowGraph.Index, outer: RowGraph.Index?
        ) -> RowGraph.Index {
            var maps = [x]
            for convolution in convolutions.dropLast() {
                maps.append(
                    graph.append(.init(convolution, maps, activation: RRDBNet.activation)))
            }
            let residuals = [x] + (outer.map { [$0] } ?? [])
            return graph.append(
                .init(
                    convolutions[convolutions.count - 1], maps,
                    residuals: residuals.map { .init($0, factor: RRDBNet.residualFactor) }))
        }
    }

    package let scale: Int
    private let unshuffle: Int
    private let convFirst: Convolution
    private let blocks: [[DenseBlock]]
    private let convBody: Convolution
    private let convUp: [Convolution]
    private let convHR: Convolution
    private let convLast: Convolution

    private static let activation = Activation.leakyReLU(slope: 0.2)
    private static let residualFactor: Float = 0.2

    package var alignment: Int { unshuffle }

    package var reach: Int {
        // Each convolution reaches a row further, those behind the doublings less.
        let convolutions = 6 + blocks.joined().reduce(0) { $0 + $1.convolutions.count }
        return convolutions * unshuffle
    }

    package init(configuration: JSONObject, weights: WeightReader) throws {
        let reader = ConfigurationReader(model: "RRDBNet", object: configuration)
        let inputs = try reader.int("num_in_ch", in: 3...3, default: 3)
        let outputs = try reader.int("num_out_ch", in: 3...3, default: 3)
        let features = try reader.int("num_feat", in: 1...1024, default: 64)
        let growth = try reader.int("num_grow_ch", in: 1...1024, default: 32)
        let count = try reader.int("num_block", in: 1...256, default: 23)
        scale = try reader.int("scale", in: 1...4, default: 4)
        switch scale {
        case 4: unshuffle = 1
        case 2: unshuffle = 2
        case 1: unshuffle = 4
        default: throw reader.unsupported("scale", "\(scale)")
        }
        func convolution(_ name: String, _ channels: Int, _ outputs: Int) throws -> Convolution {
            try Convolution(
                name, channels: channels, outputs: outputs, window: .same(kernel: 3),
                from: weights)
        }
        convFirst = try convolution("conv_first", inputs * unshuffle * unshuffle, features)
        blocks = try (0..<count).map { block in
            try (1...3).map { dense in
                DenseBlock(
                    convolutions: try (1...5).map { index in
                        try convolution(
                            "body.\(block).rdb\(dense).conv\(index)",
                            features + (index - 1) * growth, index == 5 ? features : growth)
                    })
            }
        }
        convBody = try convolution("conv_body", features, features)
        convUp = try ["conv_up1", "conv_up2"].map { try convolution($0, features, features) }
        convHR = try convolution("conv_hr", features, features)
        convLast = try convolution("conv_last", features, outputs)
        try weights.finish()
    }

    package func enlarge(
        _ picture: Tensor, image: Int, tiling: Tiling, on executor: Executor,
        each: (_ row: Int, _ values: Span<Float>) throws -> Void
    ) rethrows {
        let input =
            unshuffle == 1
            ? picture : pixelUnshuffle(picture, factor: unshuffle, on: executor)
        try graph(for: input.shape).run(
            RowStore(input, image: image), tiling: tiling, on: executor, each: each)
    }

    private func graph(for shape: Shape) -> RowGraph {
        var graph = RowGraph(givenOneOf: shape)
        let shallow = graph.append(.init(convFirst, [RowGraph.given]))
        graph.anchor(shallow)
        var x = shallow
        for block in blocks {
            let start = x
            for (index, dense) in block.enumerated() {
                x = dense.append(to: &graph, x, outer: index == block.count - 1 ? start : nil)
            }
        }
        x = graph.append(.init(convBody, [x], residuals: [.init(shallow)]))
        for convolution in convUp {
            x = graph.append(.init(convolution, [x], doubled: true, activation: Self.activation))
        }
        x = graph.append(.init(convHR, [x], activation: Self.activation))
        _ = graph.append(.init(convLast, [x]))
        return graph
    }
}

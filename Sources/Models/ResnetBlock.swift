internal import Layers
internal import Tensors

/// The residual block of U-Net and autoencoder: norm, SiLU, 3×3 convolution, twice.
///
/// h = conv1(silu(norm1(x))) + time; h = conv2(silu(norm2(h))); y = shortcut(x) + h.
/// - Source: diffusers' ResnetBlock2D with its default settings.
struct ResnetBlock: Sendable {
    private let norm1: GroupNorm
    private let conv1: Convolution
    private let timeProjection: Linear?
    private let norm2: GroupNorm
    private let conv2: Convolution
    private let shortcut: Convolution?

    /// What all blocks of a model share.
    struct Style {
        let groups: Int
        let epsilon: Double
        /// Channels of the time embedding; nil in the autoencoder.
        let timeChannels: Int?
    }

    init(
        _ name: String, channels: Int, outputs: Int, style: Style, from weights: WeightReader
    ) throws {
        norm1 = try GroupNorm(
            name + ".norm1", channels: channels, groups: style.groups, epsilon: style.epsilon,
            from: weights)
        conv1 = try Convolution(
            name + ".conv1", channels: channels, outputs: outputs, window: .same(kernel: 3),
            from: weights)
        timeProjection = try style.timeChannels.map { timeChannels in
            try Linear(
                name + ".time_emb_proj", channels: timeChannels, outputs: outputs, from: weights)
        }
        norm2 = try GroupNorm(
            name + ".norm2", channels: outputs, groups: style.groups, epsilon: style.epsilon,
            from: weights)
        conv2 = try Convolution(
            name + ".conv2", channels: outputs, outputs: outputs, window: .same(kernel: 3),
            from: weights)
        shortcut =
            channels == outputs
            ? nil
            : try Convolution(
                name + ".conv_shortcut", channels: channels, outputs: outputs, window: .point,
                from: weights)
    }

    /// Inputs [N, H, W, Cᵢ], concatenated along their channels → [N, H, W, outputs].
    /// - Parameter time: silu of the time embedding, [N, 1, 1, timeChannels].
    func callAsFunction(_ inputs: [Tensor], time: Tensor? = nil, on executor: Executor) -> Tensor {
        let imageBias = time.flatMap { time in
            timeProjection.map { $0(time, on: executor) }
        }
        let h = conv1(
            inputs, norm: norm1(inputs, thenSiLU: true, on: executor), imageBias: imageBias,
            on: executor)
        let residual = shortcut.map { $0(inputs, on: executor) } ?? inputs[0]
        return conv2(
            [h], norm: norm2([h], thenSiLU: true, on: executor), residual: Residual(residual),
            on: executor)
    }

    /// The block without a time as layers of a net that is computed row by row; returns its picture.
    func append(to graph: inout RowGraph, _ x: RowGraph.Index) -> RowGraph.Index {
        let h = graph.append(.init(conv1, [x], norm: norm1))
        let residual = shortcut.map { graph.append(.init($0, [x])) } ?? x
        return graph.append(.init(conv2, [h], norm: norm2, residuals: [.init(residual)]))
    }
}

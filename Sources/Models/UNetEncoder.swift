internal import Layers
internal import Tensors

/// The first half of a U-Net: down the levels, keeping every activation, and through the middle.
///
/// ControlNets are made of a copy of it.
struct UNetEncoder: Sendable {
    private let timeEmbedding: TimestepEmbedding
    private let convIn: Convolution
    private let down: [UNetLevel]
    private let middle: (first: ResnetBlock, transformer: SpatialTransformer, second: ResnetBlock)

    init(_ configuration: UNetConfiguration, weights: WeightReader) throws {
        let first = configuration.blockOutChannels[0]
        let last = configuration.blockOutChannels[configuration.blockOutChannels.count - 1]
        let builder = UNetBuilder(configuration: configuration, weights: weights)
        timeEmbedding = try TimestepEmbedding(
            "time_embedding", channels: first, outputs: configuration.timeChannels,
            cosineFirst: configuration.flipSinToCos, shift: configuration.freqShift,
            from: weights)
        convIn = try Convolution(
            "conv_in", channels: configuration.inChannels, outputs: first,
            window: .same(kernel: 3), from: weights)
        down = try builder.downLevels()
        let deepest = configuration.heads.count - 1
        middle = (
            try builder.resnet("mid_block.resnets.0", channels: last, outputs: last),
            try builder.transformer("mid_block.attentions.0", channels: last, level: deepest),
            try builder.resnet("mid_block.resnets.1", channels: last, outputs: last)
        )
    }

    func time(_ timesteps: [Float], on executor: Executor) -> Tensor {
        timeEmbedding(timesteps, on: executor)
    }

    /// - Parameters:
    ///   - hint: added to the first convolution's output; nil for none.
    ///   - feature: is given each activation of the way down in order.
    /// - Returns: the middle's output.
    func callAsFunction(
        _ sample: Tensor, time: Tensor, context: Tensor, hint: Tensor? = nil,
        on executor: Executor, feature: (Tensor) -> Void
    ) -> Tensor {
        var x = convIn(sample, residual: hint.map { Residual($0) }, on: executor)
        feature(x)
        for level in down {
            for layer in level.layers {
                x = layer.resnet([x], time: time, on: executor)
                x = layer.transformer?(x, context: context, on: executor) ?? x
                feature(x)
            }
            if let downsample = level.resample {
                x = downsample(x, on: executor)
                feature(x)
            }
        }
        x = middle.first([x], time: time, on: executor)
        x = middle.transformer(x, context: context, on: executor)
        return middle.second([x], time: time, on: executor)
    }
}

package import Layers
package import Tensors
package import WeightStore

/// The denoiser: latents, a timestep and a text in; the noise (or velocity) in the latents out.
///
/// Down the levels keeping every activation as a skip, through the middle, up again reading the skips.
/// - Source: Rombach et al., arXiv:2112.10752; diffusers' unet_2d_condition.py.
package struct UNet2DConditionModel: Sendable {
    private struct Layer: Sendable {
        let resnet: ResnetBlock
        let transformer: SpatialTransformer?
    }
    private struct Level: Sendable {
        let layers: [Layer]
        let resample: Convolution?
    }

    package let configuration: UNetConfiguration
    private let timeEmbedding: TimestepEmbedding
    private let convIn: Convolution
    private let down: [Level]
    private let middle: (first: ResnetBlock, transformer: SpatialTransformer, second: ResnetBlock)
    private let up: [Level]
    private let normOut: GroupNorm
    private let convOut: Convolution

    package init(configuration object: JSONObject, weights: WeightReader) throws {
        let configuration = try UNetConfiguration(object)
        self.configuration = configuration
        let first = configuration.blockOutChannels[0]
        let last = configuration.blockOutChannels[configuration.blockOutChannels.count - 1]
        let builder = Builder(configuration: configuration, weights: weights)
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
        up = try builder.upLevels()
        normOut = try GroupNorm(
            "conv_norm_out", channels: first, groups: configuration.groups,
            epsilon: configuration.epsilon, from: weights)
        convOut = try Convolution(
            "conv_out", channels: first, outputs: configuration.outChannels,
            window: .same(kernel: 3), from: weights)
        try weights.finish()
    }

    /// - Parameters:
    ///   - sample: scaled latents, [N, H, W, inChannels].
    ///   - timesteps: one an image.
    ///   - context: the text's hidden states, [N, T, crossAttentionDim].
    /// - Returns: [N, H, W, outChannels].
    package func callAsFunction(
        _ sample: Tensor, timesteps: [Float], context: Tensor, on executor: Executor
    ) -> Tensor {
        precondition(timesteps.count == sample.shape.images)
        precondition(context.shape.images == sample.shape.images)
        let time = timeEmbedding(timesteps, on: executor)
        var x = convIn(sample, on: executor)
        var skips = [x]
        for level in down {
            for layer in level.layers {
                x = layer.resnet([x], time: time, on: executor)
                x = layer.transformer?(x, context: context, on: executor) ?? x
                skips.append(x)
            }
            if let downsample = level.resample {
                x = downsample(x, on: executor)
                skips.append(x)
            }
        }
        x = middle.first([x], time: time, on: executor)
        x = middle.transformer(x, context: context, on: executor)
        x = middle.second([x], time: time, on: executor)
        for level in up {
            for layer in level.layers {
                x = layer.resnet([x, skips.removeLast()], time: time, on: executor)
                x = layer.transformer?(x, context: context, on: executor) ?? x
            }
            if let convolution = level.resample, let next = skips.last?.shape {
                x = convolution(
                    x, upsampled: Upsampled(height: next.height, width: next.width), on: executor)
            }
        }
        return convOut(x, norm: normOut([x], thenSiLU: true, on: executor), on: executor)
    }

    /// Reads the levels, whose channel arithmetic is the only intricate thing here.
    private struct Builder {
        let configuration: UNetConfiguration
        let weights: WeightReader

        func resnet(_ name: String, channels: Int, outputs: Int) throws -> ResnetBlock {
            try ResnetBlock(
                name, channels: channels, outputs: outputs,
                style: .init(
                    groups: configuration.groups, epsilon: configuration.epsilon,
                    timeChannels: configuration.timeChannels),
                from: weights)
        }

        func transformer(_ name: String, channels: Int, level: Int) throws -> SpatialTransformer {
            try SpatialTransformer(
                name, channels: channels, heads: configuration.heads[level],
                depth: configuration.depth[level],
                style: .init(
                    groups: configuration.groups,
                    contextChannels: configuration.crossAttentionDim),
                from: weights)
        }

        func downLevels() throws -> [Level] {
            let widths = configuration.blockOutChannels
            var channels = widths[0]
            return try widths.indices.map { level in
                let name = "down_blocks.\(level)"
                let outputs = widths[level]
                let layers = try (0..<configuration.layersPerBlock[level]).map { index in
                    let layer = Layer(
                        resnet: try resnet(
                            "\(name).resnets.\(index)", channels: channels, outputs: outputs),
                        transformer: configuration.downHasAttention[level]
                            ? try transformer(
                                "\(name).attentions.\(index)", channels: outputs, level: level)
                            : nil)
                    channels = outputs
                    return layer
                }
                let isLast = level == widths.count - 1
                return Level(
                    layers: layers,
                    resample: isLast
                        ? nil
                        : try Convolution(
                            name + ".downsamplers.0.conv", channels: outputs, outputs: outputs,
                            window: .same(kernel: 3, stride: 2), from: weights))
            }
        }

        func upLevels() throws -> [Level] {
            let widths = Array(configuration.blockOutChannels.reversed())
            var channels = widths[0]
            return try widths.indices.map { index in
                let level = widths.count - 1 - index
                let name = "up_blocks.\(index)"
                let outputs = widths[index]
                let below = widths[min(index + 1, widths.count - 1)]
                let count = configuration.layersPerBlock[level] + 1
                let layers = try (0..<count).map { layer in
                    let skip = layer == count - 1 ? below : outputs
                    let built = Layer(
                        resnet: try resnet(
                            "\(name).resnets.\(layer)", channels: channels + skip,
                            outputs: outputs),
                        transformer: configuration.upHasAttention[index]
                            ? try transformer(
                                "\(name).attentions.\(layer)", channels: outputs, level: level)
                            : nil)
                    channels = outputs
                    return built
                }
                return Level(
                    layers: layers,
                    resample: index == widths.count - 1
                        ? nil
                        : try Convolution(
                            name + ".upsamplers.0.conv", channels: outputs, outputs: outputs,
                            window: .same(kernel: 3), from: weights))
            }
        }
    }
}

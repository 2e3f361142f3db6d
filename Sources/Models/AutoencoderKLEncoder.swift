package import Layers
package import Tensors
internal import WeightStore

/// The first half of the autoencoder: a picture to the distribution of its latents.
/// - Source: Rombach et al., arXiv:2112.10752; diffusers' AutoencoderKL and vae.py Encoder.
package struct AutoencoderKLEncoder: PictureEncoder {
    private struct Level: Sendable {
        let resnets: [ResnetBlock]
        let downsample: Convolution?
    }

    package let latentSpace: LatentSpace
    private let convIn: Convolution
    private let levels: [Level]
    private let middle: AutoencoderMiddle
    private let normOut: GroupNorm
    private let convOut: Convolution
    private let quantConv: Convolution?

    /// Reads `encoder.…` and `quant_conv`; the caller ends the reading.
    package init(configuration: AutoencoderConfiguration, weights: WeightReader) throws {
        latentSpace = configuration.latentSpace
        let widths = configuration.blockOutChannels
        convIn = try Convolution(
            "encoder.conv_in", channels: configuration.pictureChannels, outputs: widths[0],
            window: .same(kernel: 3), from: weights)
        var channels = widths[0]
        levels = try widths.indices.map { index in
            let name = "encoder.down_blocks.\(index)"
            let outputs = widths[index]
            let resnets = try (0..<configuration.layersPerBlock).map { layer in
                let resnet = try ResnetBlock(
                    "\(name).resnets.\(layer)", channels: channels, outputs: outputs,
                    style: configuration.style, from: weights)
                channels = outputs
                return resnet
            }
            // Upstream pads below and to the right only.
            return Level(
                resnets: resnets,
                downsample: index == widths.count - 1
                    ? nil
                    : try Convolution(
                        name + ".downsamplers.0.conv", channels: outputs, outputs: outputs,
                        window: Window(kernel: 3, stride: 2, before: 0, after: 1), from: weights))
        }
        middle = try AutoencoderMiddle(
            "encoder.mid_block", channels: channels, configuration: configuration, from: weights)
        normOut = try GroupNorm(
            "encoder.conv_norm_out", channels: channels, groups: configuration.groups,
            epsilon: AutoencoderConfiguration.epsilon, from: weights)
        let moments = 2 * configuration.latentChannels
        convOut = try Convolution(
            "encoder.conv_out", channels: channels, outputs: moments, window: .same(kernel: 3),
            from: weights)
        quantConv =
            configuration.hasQuantConv
            ? try Convolution(
                "quant_conv", channels: moments, outputs: moments, window: .point, from: weights)
            : nil
    }

    package func callAsFunction(
        _ picture: Tensor, tiling: Tiling, on executor: Executor
    ) -> LatentPosterior {
        var x = bottom(picture, tiling: tiling, on: executor)
        x = middle(x, on: executor)
        x = convOut(x, norm: normOut([x], thenSiLU: true, on: executor), on: executor)
        x = quantConv?(x, on: executor) ?? x
        return split(x, on: executor)
    }

    /// The last level's pictures, which attention needs as a whole.
    private func bottom(_ picture: Tensor, tiling: Tiling, on executor: Executor) -> Tensor {
        var graph = RowGraph(givenOneOf: picture.shape)
        var x = graph.append(.init(convIn, [RowGraph.given]))
        for level in levels {
            for resnet in level.resnets { x = resnet.append(to: &graph, x) }
            if let downsample = level.downsample { x = graph.append(.init(downsample, [x])) }
        }
        return graph(picture, tiling: tiling, on: executor)
    }

    private func split(_ moments: Tensor, on executor: Executor) -> LatentPosterior {
        let channels = latentSpace.latentChannels
        let shape = moments.shape.with(channels: channels)
        var mean: [Float] = []
        var logVariance: [Float] = []
        mean.reserveCapacity(shape.count)
        logVariance.reserveCapacity(shape.count)
        for (index, value) in moments.values.enumerated() {
            if index % (2 * channels) < channels {
                mean.append(value)
            } else {
                logVariance.append(min(max(value, -30), 20))
            }
        }
        return LatentPosterior(
            mean: Tensor(mean, shape: shape, in: executor.workspace),
            logVariance: Tensor(logVariance, shape: shape, in: executor.workspace))
    }
}

package import Layers
package import Tensors
internal import WeightStore

/// The second half of the autoencoder: latents to a picture.
/// - Source: Rombach et al., arXiv:2112.10752; diffusers' AutoencoderKL and vae.py Decoder.
package struct AutoencoderKLDecoder: PictureDecoder {
    private struct Level: Sendable {
        let resnets: [ResnetBlock]
        let upsample: Convolution?
    }

    package let latentSpace: LatentSpace
    private let postQuantConv: Convolution?
    private let convIn: Convolution
    private let middle: AutoencoderMiddle
    private let levels: [Level]
    private let normOut: GroupNorm
    private let convOut: Convolution

    /// Reads `decoder.…` and `post_quant_conv`; the caller ends the reading.
    package init(configuration: AutoencoderConfiguration, weights: WeightReader) throws {
        latentSpace = configuration.latentSpace
        let widths = Array(configuration.blockOutChannels.reversed())
        let latents = configuration.latentChannels
        postQuantConv =
            configuration.hasPostQuantConv
            ? try Convolution(
                "post_quant_conv", channels: latents, outputs: latents, window: .point,
                from: weights) : nil
        convIn = try Convolution(
            "decoder.conv_in", channels: latents, outputs: widths[0], window: .same(kernel: 3),
            from: weights)
        middle = try AutoencoderMiddle(
            "decoder.mid_block", channels: widths[0], configuration: configuration, from: weights)
        var channels = widths[0]
        levels = try widths.indices.map { index in
            let name = "decoder.up_blocks.\(index)"
            let outputs = widths[index]
            let resnets = try (0...configuration.layersPerBlock).map { layer in
                let resnet = try ResnetBlock(
                    "\(name).resnets.\(layer)", channels: channels, outputs: outputs,
                    style: configuration.style, from: weights)
                channels = outputs
                return resnet
            }
            return Level(
                resnets: resnets,
                upsample: index == widths.count - 1
                    ? nil
                    : try Convolution(
                        name + ".upsamplers.0.conv", channels: outputs, outputs: outputs,
                        window: .same(kernel: 3), from: weights))
        }
        normOut = try GroupNorm(
            "decoder.conv_norm_out", channels: channels, groups: configuration.groups,
            epsilon: AutoencoderConfiguration.epsilon, from: weights)
        convOut = try Convolution(
            "decoder.conv_out", channels: channels, outputs: configuration.pictureChannels,
            window: .same(kernel: 3), from: weights)
    }

    package func callAsFunction(
        _ latents: Tensor, tiling: Tiling, on executor: Executor
    ) -> Tensor {
        let start = beginning(latents, on: executor)
        return levelsGraph(for: start.shape)(start, tiling: tiling, on: executor)
    }

    package func decode(
        _ latents: Tensor, tiling: Tiling, on executor: Executor,
        each: (_ row: Int, _ values: Span<Float>) throws -> Void
    ) rethrows {
        precondition(latents.shape.images == 1)
        let start = RowStore(beginning(latents, on: executor))
        try levelsGraph(for: start.shape).run(start, tiling: tiling, on: executor, each: each)
    }

    /// What comes before the first level, which attention needs as a whole.
    private func beginning(_ latents: Tensor, on executor: Executor) -> Tensor {
        let x = postQuantConv?(latents, on: executor) ?? latents
        return middle(convIn(x, on: executor), on: executor)
    }

    private func levelsGraph(for shape: Shape) -> RowGraph {
        var graph = RowGraph(givenOneOf: shape)
        var x = RowGraph.given
        for level in levels {
            for resnet in level.resnets { x = resnet.append(to: &graph, x) }
            if let upsample = level.upsample {
                x = graph.append(.init(upsample, [x], doubled: true))
            }
        }
        _ = graph.append(.init(convOut, [x], norm: normOut))
        return graph
    }
}

internal import Layers
package import Tensors

/// The first half of a tiny autoencoder: a picture to its latents, which are certain.
/// - Source: madebyollin/taesd; diffusers' vae.py EncoderTiny.
package struct AutoencoderTinyEncoder: PictureEncoder {
    package let latentSpace: LatentSpace
    private let levels: [(convolution: Convolution, blocks: [AutoencoderTiny.Block])]
    private let convOut: Convolution

    init(_ configuration: AutoencoderTiny.Configuration, weights: WeightReader) throws {
        let channels = configuration.channels
        latentSpace = configuration.latentSpace
        var index = 0
        var levels: [(convolution: Convolution, blocks: [AutoencoderTiny.Block])] = []
        for (level, count) in configuration.encoderBlocks.enumerated() {
            let isFirst = level == 0
            let convolution = try Convolution(
                "encoder.layers.\(index)",
                channels: isFirst ? latentSpace.pictureChannels : channels, outputs: channels,
                window: isFirst
                    ? .same(kernel: 3) : Window(kernel: 3, stride: 2, before: 1, after: 1),
                bias: isFirst, from: weights)
            let blocks = try (index + 1...index + count).map {
                try AutoencoderTiny.Block(
                    "encoder.layers.\($0)", channels: channels, from: weights)
            }
            levels.append((convolution, blocks))
            index += count + 1
        }
        self.levels = levels
        convOut = try Convolution(
            "encoder.layers.\(index)", channels: channels, outputs: latentSpace.latentChannels,
            window: .same(kernel: 3), from: weights)
    }

    package func callAsFunction(
        _ picture: Tensor, tiling: Tiling, on executor: Executor
    ) -> LatentPosterior {
        let input = Tensor(
            picture.values.map { ($0 + 1) / 2 }, shape: picture.shape, in: executor.workspace)
        var graph = RowGraph(givenOneOf: input.shape)
        var x = RowGraph.given
        for level in levels {
            x = graph.append(.init(level.convolution, [x]))
            for block in level.blocks { x = block.append(to: &graph, x) }
        }
        _ = graph.append(.init(convOut, [x]))
        return LatentPosterior(mean: graph(input, tiling: tiling, on: executor), logVariance: nil)
    }
}

internal import Layers

/// Blocks of a U-Net that compute at one size, and the way to the next.
struct UNetLevel: Sendable {
    struct Layer: Sendable {
        let resnet: ResnetBlock
        let transformer: SpatialTransformer?
    }

    let layers: [Layer]
    let resample: Convolution?
}

/// Reads the levels, whose channel arithmetic is the only intricate thing here.
struct UNetBuilder {
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

    func downLevels() throws -> [UNetLevel] {
        let widths = configuration.blockOutChannels
        var channels = widths[0]
        return try widths.indices.map { level in
            let name = "down_blocks.\(level)"
            let outputs = widths[level]
            let layers = try (0..<configuration.layersPerBlock[level]).map { index in
                let layer = UNetLevel.Layer(
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
            return UNetLevel(
                layers: layers,
                resample: isLast
                    ? nil
                    : try Convolution(
                        name + ".downsamplers.0.conv", channels: outputs, outputs: outputs,
                        window: .same(kernel: 3, stride: 2), from: weights))
        }
    }

    func upLevels() throws -> [UNetLevel] {
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
                let built = UNetLevel.Layer(
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
            return UNetLevel(
                layers: layers,
                resample: index == widths.count - 1
                    ? nil
                    : try Convolution(
                        name + ".upsamplers.0.conv", channels: outputs, outputs: outputs,
                        window: .same(kernel: 3), from: weights))
        }
    }
}

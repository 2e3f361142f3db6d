package import Layers
package import Tensors
package import WeightStore

/// What leads a drawing beside the text: outlines, a depth map, a pose.
///
/// A copy of the U-Net's first half sees the picture beside the latents; what it finds is added to the
/// U-Net's own activations.
/// - Source: Zhang et al., arXiv:2302.05543; diffusers' controlnet.py.
package struct ControlNetModel: Sendable {
    private let encoder: UNetEncoder
    private let hintIn: Convolution
    private let hintBlocks: [Convolution]
    private let hintOut: Convolution
    private let zeroConvolutions: [Convolution]
    private let zeroMiddle: Convolution

    /// Of the text's hidden states.
    package let crossAttentionDim: Int
    /// Channels of each activation that is added to.
    package let channels: [Int]
    /// Sides of the picture are this many times those of the latents.
    package let pixelsPerLatent: Int

    package init(configuration object: JSONObject, weights: WeightReader) throws {
        let configuration = try UNetConfiguration(Self.unetConfiguration(object))
        let reader = ConfigurationReader(model: "ControlNetModel", object: object)
        let pictureChannels = try reader.int("conditioning_channels", in: 3...3, default: 3)
        let widths = try reader.ints(
            "conditioning_embedding_out_channels", in: 1...4096, count: 1...8)
        try reader.require("controlnet_conditioning_channel_order", .string("rgb"))
        try reader.require("global_pool_conditions", .bool(false))
        encoder = try UNetEncoder(configuration, weights: weights)
        let name = "controlnet_cond_embedding"
        hintIn = try Convolution(
            name + ".conv_in", channels: pictureChannels, outputs: widths[0],
            window: .same(kernel: 3), from: weights)
        hintBlocks = try (0..<2 * (widths.count - 1)).map { index in
            try Convolution(
                "\(name).blocks.\(index)", channels: widths[index / 2],
                outputs: widths[(index + 1) / 2],
                window: .same(kernel: 3, stride: index % 2 == 0 ? 1 : 2), from: weights)
        }
        hintOut = try Convolution(
            name + ".conv_out", channels: widths[widths.count - 1],
            outputs: configuration.blockOutChannels[0], window: .same(kernel: 3), from: weights)
        let channels = configuration.skipChannels
        zeroConvolutions = try channels.enumerated().map { index, width in
            try Convolution(
                "controlnet_down_blocks.\(index)", channels: width, outputs: width, window: .point,
                from: weights)
        }
        let deepest = channels[channels.count - 1]
        zeroMiddle = try Convolution(
            "controlnet_mid_block", channels: deepest, outputs: deepest, window: .point,
            from: weights)
        try weights.finish()
        self.channels = channels
        crossAttentionDim = configuration.crossAttentionDim
        pixelsPerLatent = 1 << (widths.count - 1)
    }

    /// The configuration has no way up, which the U-Net's reader asks for.
    private static func unetConfiguration(_ object: JSONObject) -> JSONObject {
        var object = object
        let down = object["down_block_types"]?.array ?? []
        object["up_block_types"] = .array(
            down.reversed().map { $0.string == "DownBlock2D" ? "UpBlock2D" : "CrossAttnUpBlock2D" })
        return object
    }

    /// What the net sees of a picture: [1, H·p, W·p, 3], 0 to 1 → [1, H, W, channels].
    package func hint(_ picture: Tensor, on executor: Executor) -> Tensor {
        var x = hintIn(picture, activation: .silu, on: executor)
        for block in hintBlocks { x = block(x, activation: .silu, on: executor) }
        return hintOut(x, on: executor)
    }

    /// The U-Net's activations and its middle with what the net finds added, `scale` times.
    /// - Parameter hint: of as many images as `sample`.
    fileprivate func add(
        to skips: [Tensor], _ middle: Tensor, _ sample: Tensor, timesteps: [Float], context: Tensor,
        hint: Tensor, scale: Float, on executor: Executor
    ) -> (skips: [Tensor], middle: Tensor) {
        precondition(skips.count == zeroConvolutions.count)
        let time = encoder.time(timesteps, on: executor)
        var sums: [Tensor] = []
        let deepest = encoder(
            sample, time: time, context: context, hint: hint, on: executor
        ) { feature in
            let index = sums.count
            sums.append(
                zeroConvolutions[index](
                    feature, residual: Residual(skips[index], factor: scale), on: executor))
        }
        return (
            sums, zeroMiddle(deepest, residual: Residual(middle, factor: scale), on: executor)
        )
    }
}

/// A ControlNet with the picture that it follows.
package struct Control: Sendable {
    private let net: ControlNetModel
    private let hint: Tensor
    private let scale: Float

    /// - Parameters:
    ///   - hint: the net's, of as many images as the U-Net is given at a time.
    ///   - scale: how much of what it finds is added.
    package init(_ net: ControlNetModel, hint: Tensor, scale: Float) {
        self.net = net
        self.hint = hint
        self.scale = scale
    }

    func add(
        to skips: [Tensor], _ middle: Tensor, _ sample: Tensor, timesteps: [Float], context: Tensor,
        on executor: Executor
    ) -> (skips: [Tensor], middle: Tensor) {
        // Its weights are in a file of their own, which nobody streams.
        net.add(
            to: skips, middle, sample, timesteps: timesteps, context: context, hint: hint,
            scale: scale, on: executor.reading(from: nil))
    }
}

package import Layers
package import Tensors
package import WeightStore

/// The denoiser: latents, a timestep and a text in; the noise (or velocity) in the latents out.
///
/// Down the levels keeping every activation as a skip, through the middle, up again reading the skips.
/// - Source: Rombach et al., arXiv:2112.10752; diffusers' unet_2d_condition.py.
package struct UNet2DConditionModel: Sendable {
    package let configuration: UNetConfiguration
    private let encoder: UNetEncoder
    private let up: [UNetLevel]
    private let normOut: GroupNorm
    private let convOut: Convolution

    package init(configuration object: JSONObject, weights: WeightReader) throws {
        let configuration = try UNetConfiguration(object)
        self.configuration = configuration
        let first = configuration.blockOutChannels[0]
        encoder = try UNetEncoder(configuration, weights: weights)
        up = try UNetBuilder(configuration: configuration, weights: weights).upLevels()
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
    ///   - controls: what else leads the drawing; with those `sample` is latents alone.
    /// - Returns: [N, H, W, outChannels].
    package func callAsFunction(
        _ sample: Tensor, timesteps: [Float], context: Tensor, controls: [Control] = [],
        on executor: Executor
    ) -> Tensor {
        precondition(timesteps.count == sample.shape.images)
        precondition(context.shape.images == sample.shape.images)
        let time = encoder.time(timesteps, on: executor)
        var skips: [Tensor] = []
        var x = encoder(sample, time: time, context: context, on: executor) { skips.append($0) }
        for control in controls {
            (skips, x) = control.add(
                to: skips, x, sample, timesteps: timesteps, context: context, on: executor)
        }
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
}

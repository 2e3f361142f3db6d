package import Models
package import Samplers
package import Tensors

/// The walk from noise to latents, one U-Net evaluation at a time.
///
/// Between two calls of `advance` everything that the walk depends on is in plain values (`latents`,
/// `sampler`, `noise`, `index`): a copy is a checkpoint.
package struct DenoisingLoop {
    /// The walk so far, [latentChannels, h, w] in planar order.
    package private(set) var latents: [Float]
    /// Evaluations done.
    package private(set) var index = 0
    private var sampler: any Sampler
    private var noise: TorchRandomSource

    private let unet: UNet2DConditionModel
    private let context: Tensor
    private let guidance: Float?
    private let shape: Shape
    private let executor: Executor

    /// - Parameters:
    ///   - context: hidden states of the negative prompt and the prompt, [2, T, C], in this order; only of
    ///     the prompt, [1, T, C], when `guidance` is nil.
    ///   - shape: of the latents, one image.
    package init(
        unet: UNet2DConditionModel, sampler: any Sampler, context: Tensor, guidance: Float?,
        seed: UInt64, shape: Shape, on executor: Executor
    ) {
        precondition(context.shape.images == (guidance == nil ? 1 : 2) && shape.images == 1)
        self.unet = unet
        self.sampler = sampler
        self.context = context
        self.guidance = guidance
        self.shape = shape
        self.executor = executor
        var source = TorchRandomSource(seed: seed)
        let scale = sampler.initialNoiseScale
        latents = source.normal(count: shape.count).map { $0 * scale }
        noise = source
    }

    /// Evaluations that the whole walk takes.
    package var count: Int { sampler.timesteps.count }

    /// Does one evaluation and the sampler's step; false when the walk is over.
    package mutating func advance() throws(PipelineError) -> Bool {
        guard index < count else { return false }
        let output = evaluate(sampler.scaledInput(latents, at: index))
        var source = noise
        latents = sampler.step(modelOutput: output, at: index, latents: latents) {
            source.normal(count: latents.count)
        }
        noise = source
        index += 1
        guard latents.allSatisfy(\.isFinite) else {
            throw .notFinite(stage: "U-Net", step: index)
        }
        return true
    }

    /// The U-Net's output, guided: both halves of the guidance run as one batch.
    ///
    /// ε = ε₋ + g · (ε₊ − ε₋).
    /// - Source: Ho & Salimans, arXiv:2207.12598.
    private func evaluate(_ input: [Float]) -> [Float] {
        let images = guidance == nil ? 1 : 2
        var batch = shape
        batch.images = images
        let sample = Tensor(
            planar: images == 1 ? input : input + input, shape: batch, in: executor.workspace)
        let timestep = Float(sampler.timesteps[index])
        let output = unet(
            sample, timesteps: Array(repeating: timestep, count: images), context: context,
            on: executor
        ).planarValues
        guard let guidance else { return output }
        let negative = output[..<shape.count]
        let positive = output[shape.count...]
        return zip(negative, positive).map { $0 + guidance * ($1 - $0) }
    }
}

package import Models
package import Samplers
package import Tensors

/// The walk from noise to latents, one U-Net evaluation at a time.
///
/// Between two calls of `advance` everything that the walk depends on is in plain values: its checkpoint.
package struct DenoisingLoop {
    /// The walk so far, [latentChannels, h, w] in planar order.
    package private(set) var latents: [Float]
    /// Evaluations done.
    package private(set) var index = 0
    /// The newest evaluation: what the U-Net saw and what it answered; nil before the first.
    package private(set) var evaluation: Evaluation?
    private var sampler: any Sampler
    private var noise: TorchRandomSource
    /// What a mask keeps of the picture that the walk began with.
    private var masked: MaskedOriginal?
    /// What the U-Net sees beside the latents, [channels, h, w]: a mask and latents, or a depth map.
    private var conditioning: [Float]

    private let unet: UNet2DConditionModel
    private let context: Tensor
    private let guidance: Float?
    private let controls: [Control]
    private let seed: UInt64
    private let shape: Shape
    private let executor: Executor

    /// One evaluation of the U-Net, guidance included.
    package struct Evaluation: Sendable {
        package let input: [Float]
        package let output: [Float]
        package let timestep: Double
    }

    /// - Parameters:
    ///   - context: hidden states of the negative prompt and the prompt, [2, T, C], in this order; only of
    ///     the prompt, [1, T, C], when `guidance` is nil.
    ///   - shape: of the latents, one image.
    ///   - depth: [h, w] for U-Nets that see a depth map, otherwise nothing.
    ///   - controls: of as many images as `context`.
    package init(
        unet: UNet2DConditionModel, sampler: any Sampler, context: Tensor, guidance: Float?,
        seed: UInt64, shape: Shape, depth: [Float] = [], controls: [Control] = [],
        on executor: Executor
    ) {
        precondition(context.shape.images == (guidance == nil ? 1 : 2) && shape.images == 1)
        self.unet = unet
        self.sampler = sampler
        self.context = context
        self.guidance = guidance
        self.seed = seed
        self.shape = shape
        self.executor = executor
        conditioning = depth
        self.controls = controls
        var source = TorchRandomSource(seed: seed)
        let scale = sampler.initialNoiseScale
        latents = source.normal(count: shape.count).map { $0 * scale }
        noise = source
    }

    /// Begins part-way, at a picture's latents with the noise of that level added.
    ///
    /// The generator gives the latents' own deviation first and the noise then, from its beginning.
    /// - Source: diffusers 0.42.1 `StableDiffusionImg2ImgPipeline.prepare_latents`.
    mutating func begin(with initial: InitialLatents, skipping steps: Int) {
        var source = TorchRandomSource(seed: seed)
        let original = initial.picture?.sample { source.normal(count: shape.count) }
        let added = source.normal(count: shape.count)
        index = steps * sampler.evaluationsPerStep
        if let original { latents = sampler.addNoise(to: original, noise: added, at: index) }
        if let mask = initial.mask {
            beginMasked(initial, mask, original: original, noise: added, source: &source)
        }
        noise = source
    }

    /// Where a mask is there, the whole strength leaves nothing of the picture inside it. The picture
    /// without its masked part is encoded too, though only U-Nets of 9 channels see it.
    /// - Source: diffusers 0.42.1 `StableDiffusionInpaintPipeline.prepare_latents` and
    ///   `prepare_mask_latents`.
    private mutating func beginMasked(
        _ initial: InitialLatents, _ mask: [Float], original: [Float]?, noise: [Float],
        source: inout TorchRandomSource
    ) {
        let scale = sampler.initialNoiseScale
        if index == 0 { latents = noise.map { $0 * scale } }
        let isCertain = initial.isCertain
        let third = isCertain ? [] : source.normal(count: shape.count)
        if let unmasked = initial.unmasked {
            conditioning = mask + unmasked.sample { third }
        } else if let original {
            masked = MaskedOriginal(original: original, noise: noise, mask: mask)
        }
    }

    /// Evaluations that the whole walk takes.
    package var count: Int { sampler.timesteps.count }

    /// Where the walk stands: going on from it gives the same latents, bit for bit.
    package var checkpoint: DenoisingCheckpoint {
        DenoisingCheckpoint(
            index: index, latents: latents, history: sampler.history, noise: noise.state)
    }

    /// Goes to where a walk of the same request stood; false, and no change, where it cannot have
    /// been one.
    package mutating func resume(from checkpoint: DenoisingCheckpoint) -> Bool {
        let history = checkpoint.history
        guard (0...count).contains(checkpoint.index),
            let noise = TorchRandomSource(state: checkpoint.noise),
            (history.outputs + [checkpoint.latents] + [history.latents].compactMap(\.self))
                .allSatisfy({ $0.count == shape.count && $0.allSatisfy(\.isFinite) })
        else { return false }
        index = checkpoint.index
        latents = checkpoint.latents
        sampler.history = history
        self.noise = noise
        return true
    }

    /// Does one evaluation and the sampler's step; false when the walk is over.
    package mutating func advance() throws(PipelineError) -> Bool {
        guard index < count else { return false }
        let input = sampler.scaledInput(latents, at: index)
        let output = evaluate(input)
        guard !executor.isInterrupted else { throw .interrupted }
        evaluation = Evaluation(
            input: input, output: output, timestep: sampler.timesteps[index])
        var source = noise
        latents = sampler.step(modelOutput: output, at: index, latents: latents) {
            source.normal(count: latents.count)
        }
        noise = source
        index += 1
        if let masked { latents = masked.restored(in: latents, by: sampler, at: index) }
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
        let planes = input + conditioning
        var batch = shape
        batch.images = images
        batch.channels = planes.count / shape.pixels
        let sample = Tensor(
            planar: images == 1 ? planes : planes + planes, shape: batch, in: executor.workspace)
        let timestep = Float(sampler.timesteps[index])
        let output = unet(
            sample, timesteps: Array(repeating: timestep, count: images), context: context,
            controls: controls, on: executor
        ).planarValues
        guard let guidance else { return output }
        let negative = output[..<shape.count]
        let positive = output[shape.count...]
        return zip(negative, positive).map { $0 + guidance * ($1 - $0) }
    }
}

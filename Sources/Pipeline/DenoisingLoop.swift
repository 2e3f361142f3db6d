package import Samplers
package import Tensors

/// The walk from noise to one picture's latents, one evaluation of the U-Net at a time.
///
/// Who has the U-Net asks for `input`, evaluates it and tells the walk what came out. Between two calls of
/// `advance` everything that the walk depends on is in plain values: its checkpoint.
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
    private(set) var conditioning: [Float]

    private let seed: UInt64
    /// Of the latents, one image.
    let shape: Shape

    /// One evaluation of the U-Net, guidance included.
    package struct Evaluation: Sendable {
        package let input: [Float]
        package let output: [Float]
        package let timestep: Double
    }

    /// - Parameters:
    ///   - shape: of the latents, one image.
    ///   - depth: [h, w] for U-Nets that see a depth map, otherwise nothing.
    package init(sampler: any Sampler, seed: UInt64, shape: Shape, depth: [Float] = []) {
        precondition(shape.images == 1)
        self.sampler = sampler
        self.seed = seed
        self.shape = shape
        conditioning = depth
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

    /// Whether the walk is over.
    package var isOver: Bool { index >= count }

    /// The latents as the next evaluation is to see them, and its timestep; not when the walk is over
    /// (trap).
    package var input: (latents: [Float], timestep: Double) {
        (sampler.scaledInput(latents, at: index), sampler.timesteps[index])
    }

    /// Does the sampler's step with what the U-Net made of `input`.
    package mutating func advance(with output: [Float]) throws(PipelineError) {
        let (input, timestep) = input
        evaluation = Evaluation(input: input, output: output, timestep: timestep)
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
    }
}

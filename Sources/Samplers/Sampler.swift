// The contract of samplers: from noise to latents, one model evaluation at a time. The caller runs
//
//     latents = noise · initialNoiseScale
//     for index in timesteps.indices:
//         output  = model(scaledInput(latents, at: index), timesteps[index])
//         latents = step(modelOutput: output, at: index, latents: latents) { noise }

/// A way to walk from noise to latents, with its timesteps worked out for a number of steps.
///
/// A value: a copy taken between two steps is a checkpoint, and `history` is all that changes.
package protocol Sampler: Sendable {
    /// The timestep to give the model at each evaluation, in order. There may be more evaluations
    /// than steps were asked for.
    var timesteps: [Double] { get }

    /// The standard deviation of the latents to begin with.
    var initialNoiseScale: Float { get }

    /// Model evaluations per step: beginning part-way (img2img) skips multiples of it.
    var evaluationsPerStep: Int { get }

    /// What earlier steps left behind, and all that changes from step to step.
    var history: SamplerHistory { get set }

    /// The latents as the model is to see them at evaluation `index`.
    func scaledInput(_ latents: [Float], at index: Int) -> [Float]

    /// The latents after evaluation `index`, from the model's output and the latents before.
    ///
    /// Indices rise by one from call to call, from any first one. `modelOutput` and `latents` have
    /// the same count (trap). `noise` is asked for fresh normal numbers, as many as there are
    /// latents, exactly when diffusers draws them; most samplers never ask.
    mutating func step(
        modelOutput: [Float], at index: Int, latents: [Float], noise: () -> [Float]
    ) -> [Float]

    /// Clean latents brought to the noise level before evaluation `index`, to begin part-way.
    func addNoise(to original: [Float], noise: [Float], at index: Int) -> [Float]
}

extension Sampler {
    /// One evaluation per step.
    package var evaluationsPerStep: Int { 1 }

    /// The latents unchanged: the model sees them as they are.
    package func scaledInput(_ latents: [Float], at index: Int) -> [Float] { latents }
}

/// What a sampler carries from step to step, in plain values that can be written down.
package struct SamplerHistory: Equatable, Sendable {
    /// Evaluations taken since the walk began.
    package var evaluations: Int
    /// What earlier evaluations gave, oldest first, in the form the sampler keeps.
    package var outputs: [[Float]]
    /// Latents that a step of several evaluations comes back to.
    package var latents: [Float]?

    /// A history from its parts; empty at the beginning of a walk.
    package init(evaluations: Int = 0, outputs: [[Float]] = [], latents: [Float]? = nil) {
        self.evaluations = evaluations
        self.outputs = outputs
        self.latents = latents
    }

    /// Keeps `output` and forgets all but the newest `limit`.
    mutating func remember(_ output: [Float], limit: Int) {
        outputs.append(output)
        outputs.removeFirst(max(outputs.count - limit, 0))
    }
}

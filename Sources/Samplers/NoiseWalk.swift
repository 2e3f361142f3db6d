/// A grid of noise levels to walk down: what the samplers on the same kind of grid have in common.
protocol NoiseWalk: Sendable {
    /// Timestep to give the model at each level.
    var evaluationTimesteps: [Double] { get }
    /// The standard deviation of the latents to begin with.
    var initialNoiseScale: Float { get }
    /// The latents as the model is to see them at level `index`.
    func scaledInput(_ latents: [Float], at index: Int) -> [Float]
    /// Clean latents brought to level `index`.
    func addNoise(to original: [Float], noise: [Float], at index: Int) -> [Float]
}

extension NoiseWalk {
    var initialNoiseScale: Float { 1 }
    func scaledInput(_ latents: [Float], at index: Int) -> [Float] { latents }
}

/// A sampler that evaluates the model once at each level of its walk.
protocol WalkingSampler: Sampler {
    associatedtype Walk: NoiseWalk
    var walk: Walk { get }
}

extension WalkingSampler {
    package var timesteps: [Double] { walk.evaluationTimesteps }
    package var initialNoiseScale: Float { walk.initialNoiseScale }

    package func scaledInput(_ latents: [Float], at index: Int) -> [Float] {
        walk.scaledInput(latents, at: index)
    }

    package func addNoise(to original: [Float], noise: [Float], at index: Int) -> [Float] {
        walk.addNoise(to: original, noise: noise, at: index)
    }
}

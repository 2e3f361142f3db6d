/// Heun's method: Euler's step, then the same step again with the mean slope of both its ends.
///
/// Two evaluations per step, at σ and at σ'; one for the last, where σ' is 0.
/// - Source: Karras et al., arXiv:2206.00364, algorithm 2 without churn; diffusers 0.42.1
///   `HeunDiscreteScheduler`.
struct HeunSampler: Sampler {
    let timesteps: [Double]
    let evaluationsPerStep = 2
    /// Between the evaluations of a step, `outputs` is the first slope and `latents` those before.
    var history = SamplerHistory()

    let walk: SigmaWalk
    private let prediction: PredictionType
    /// The bound of clean latents, or nil.
    private let clip: Float?

    var initialNoiseScale: Float { walk.initialNoiseScale }

    init(_ configuration: SchedulerConfiguration, steps: Int) throws(SamplerError) {
        walk = try SigmaWalk(
            configuration, steps: steps, karras: configuration.useKarrasSigmas,
            zeroTerminalSNR: .ignored)
        timesteps =
            walk.evaluationTimesteps.prefix(1)
            + walk.evaluationTimesteps.dropFirst().flatMap { [$0, $0] }
        prediction = configuration.predictionType
        clip = configuration.clipSample ?? false ? Float(configuration.clipSampleRange) : nil
    }

    func scaledInput(_ latents: [Float], at index: Int) -> [Float] {
        walk.scaledInput(latents, at: levelIndex(at: index))
    }

    mutating func step(
        modelOutput: [Float], at index: Int, latents: [Float], noise: () -> [Float]
    ) -> [Float] {
        history.evaluations += 1
        let sigma = walk.sigmas[levelIndex(at: index)]
        let slope = elementwise(latents, modelOutput) { x, output in
            var original = prediction.original(x, output, sigma: sigma)
            if let clip {
                original = min(max(original, -clip), clip)
            }
            return (x - original) / sigma
        }
        let step = index / 2
        let change = walk.sigmas[step + 1] - walk.sigmas[step]
        if let beginning = history.latents, let first = history.outputs.first {
            history.latents = nil
            history.outputs = []
            return elementwise(beginning, first, slope) { $0 + ($1 + $2) / 2 * change }
        }
        history.latents = latents
        history.outputs = [slope]
        return elementwise(latents, slope) { $0 + $1 * change }
    }

    func addNoise(to original: [Float], noise: [Float], at index: Int) -> [Float] {
        walk.addNoise(to: original, noise: noise, at: levelIndex(at: index))
    }

    /// Odd evaluations are at the end of their step.
    private func levelIndex(at index: Int) -> Int { (index + 1) / 2 }
}

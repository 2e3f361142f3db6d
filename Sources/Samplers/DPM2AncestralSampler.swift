/// DPM-Solver-2 in σ that steps below the next noise level and adds fresh noise up to it.
///
/// σ_up and σ_down as in Euler ancestral; the first evaluation of a step leads to the geometric
/// mean of σ and σ_down. Two evaluations per step, one for the last.
/// - Source: k-diffusion `sample_dpm_2_ancestral` (Crowson) with η = 1; diffusers 0.42.1
///   `KDPM2AncestralDiscreteScheduler`, which draws noise at second evaluations only.
struct DPM2AncestralSampler: Sampler {
    let timesteps: [Double]
    let evaluationsPerStep = 2
    /// Between the evaluations of a step, `latents` are those before it.
    var history = SamplerHistory()

    let walk: SigmaWalk
    private let prediction: PredictionType
    private let ancestry: [AncestralStep]
    /// σ within each step; 0 in the last, which has no second evaluation.
    private let midpoints: [Float]

    var initialNoiseScale: Float { walk.initialNoiseScale }

    init(_ configuration: SchedulerConfiguration, steps: Int) throws(SamplerError) {
        prediction = try configuration.predictionType.notSample(for: .dpm2Ancestral)
        walk = try SigmaWalk(
            configuration, steps: steps, karras: configuration.useKarrasSigmas,
            roundsKarrasTimesteps: true, zeroTerminalSNR: .ignored)
        ancestry = zip(walk.sigmas, walk.sigmas.dropFirst()).map {
            AncestralStep(from: $0, to: $1)
        }
        midpoints = zip(walk.sigmas, ancestry).map { geometricMean($0, $1.down) }
        timesteps = walk.timesteps(withMidpoints: midpoints)
    }

    func scaledInput(_ latents: [Float], at index: Int) -> [Float] {
        scaledDown(latents, sigma: sigma(at: index))
    }

    mutating func step(
        modelOutput: [Float], at index: Int, latents: [Float], noise: () -> [Float]
    ) -> [Float] {
        history.evaluations += 1
        let sigma = sigma(at: index)
        let slope = elementwise(latents, modelOutput) { x, output in
            (x - prediction.original(x, output, sigma: sigma)) / sigma
        }
        let step = index / 2
        guard index % 2 == 1 else {
            history.latents = latents
            let change = midpoints[step] - walk.sigmas[step]
            return elementwise(latents, slope) { $0 + $1 * change }
        }
        let beginning = history.latents ?? latents
        history.latents = nil
        let change = ancestry[step].down - walk.sigmas[step]
        let up = ancestry[step].up
        return elementwise(beginning, slope, noise()) { $0 + $1 * change + $2 * up }
    }

    func addNoise(to original: [Float], noise: [Float], at index: Int) -> [Float] {
        walk.addNoise(to: original, noise: noise, at: (index + 1) / 2)
    }

    private func sigma(at index: Int) -> Float {
        index % 2 == 1 ? midpoints[index / 2] : walk.sigmas[index / 2]
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// DPM-Solver-2 in σ: Euler to the geometric mean of σ and σ', then the step with the slope there.
///
/// Two evaluations per step, one for the last.
/// - Source: k-diffusion `sample_dpm_2` (Crowson) after Lu et al., arXiv:2206.00927; diffusers
///   0.42.1 `KDPM2DiscreteScheduler`.
struct DPM2Sampler: Sampler {
    let timesteps: [Double]
    let evaluationsPerStep = 2
    /// Between the evaluations of a step, `latents` are those before it.
    var history = SamplerHistory()

    let walk: SigmaWalk
    private let prediction: PredictionType
    /// σ half-way through each step; 0 in the last, which has no second half.
    private let midpoints: [Float]

    var initialNoiseScale: Float { walk.initialNoiseScale }

    init(_ configuration: SchedulerConfiguration, steps: Int) throws(SamplerError) {
        prediction = try configuration.predictionType.notSample(for: .dpm2)
        walk = try SigmaWalk(
            configuration, steps: steps, karras: configuration.useKarrasSigmas,
            roundsKarrasTimesteps: true, zeroTerminalSNR: .ignored)
        midpoints = zip(walk.sigmas, walk.sigmas.dropFirst()).map { sigma, next in
            geometricMean(sigma, next)
        }
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
        let isSecond = index % 2 == 1
        let beginning = isSecond ? history.latents ?? latents : latents
        history.latents = isSecond ? nil : latents
        let change =
            (isSecond ? walk.sigmas[step + 1] : midpoints[step]) - walk.sigmas[step]
        return elementwise(beginning, slope) { $0 + $1 * change }
    }

    func addNoise(to original: [Float], noise: [Float], at index: Int) -> [Float] {
        walk.addNoise(to: original, noise: noise, at: (index + 1) / 2)
    }

    private func sigma(at index: Int) -> Float {
        index % 2 == 1 ? midpoints[index / 2] : walk.sigmas[index / 2]
    }
}

/// √(a·b) by way of logarithms, which is 0 where either is 0.
func geometricMean(_ a: Float, _ b: Float) -> Float {
    let (from, to) = (log(a), log(b))
    return to == -.infinity ? 0 : exp(from + (to - from) * 0.5)
}

extension SigmaWalk {
    /// The timesteps of walks that evaluate at a level within each step but the last.
    func timesteps(withMidpoints midpoints: [Float]) -> [Double] {
        let between = grid.timesteps(of: midpoints.dropLast().map(Double.init))
        return evaluationTimesteps.prefix(1)
            + zip(between, evaluationTimesteps.dropFirst()).flatMap { [Double(Float($0)), $1] }
    }
}

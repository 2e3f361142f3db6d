#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// DPM-Solver++ of second order for the diffusion's stochastic equation (2M SDE), midpoint variant.
///
/// x' = (σ'/σ)·e⁻ʰ·x + α'·(1 − e⁻²ʰ)·(D₀ + D₁/2) + σ'·√(1 − e⁻²ʰ)·ε with D₀, D₁ and h as in 2M and
/// fresh noise ε.
/// - Source: Lu et al., arXiv:2211.01095, section 6; diffusers 0.42.1 `DPMSolverMultistepScheduler`
///   (sde-dpmsolver++, midpoint, order 2), which draws noise at every step, the last included.
struct DPMSolverMultistepSDESampler: WalkingSampler {
    /// `outputs` are predictions of x₀, at most two.
    var history = SamplerHistory()

    let walk: LogSNRWalk
    private let prediction: PredictionType

    init(_ configuration: SchedulerConfiguration, steps: Int) throws(SamplerError) {
        walk = try LogSNRWalk(
            configuration, steps: steps, karras: configuration.useKarrasSigmas,
            zeroTerminalSNR: .floored)
        prediction = configuration.predictionType
    }

    mutating func step(
        modelOutput: [Float], at index: Int, latents: [Float], noise: () -> [Float]
    ) -> [Float] {
        history.evaluations += 1
        let (here, next) = (walk.level(at: index), walk.level(at: index + 1))
        let original = elementwise(latents, modelOutput) { x, output in
            prediction.original(x, output, alpha: here.alpha, sigma: here.sigma)
        }
        history.remember(original, limit: 2)
        let h = next.lambda - here.lambda
        let growth = next.alpha * (1 - exp(-2 * h))
        let scale = next.sigma / here.sigma * exp(-h)
        let spread = next.sigma * (1 - exp(-2 * h)).squareRoot()
        let stirred = elementwise(latents, original, noise()) { x, original, fresh in
            scale * x + growth * original + spread * fresh
        }
        guard history.outputs.count == 2, index + 1 < timesteps.count else { return stirred }
        let inverseRatio = 1 / ((here.lambda - walk.level(at: index - 1).lambda) / h)
        return elementwise(stirred, original, history.outputs[0]) { x, original, before in
            x + 0.5 * growth * (inverseRatio * (original - before))
        }
    }
}

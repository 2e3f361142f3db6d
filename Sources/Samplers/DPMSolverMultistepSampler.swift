#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// DPM-Solver++ of second order from the last two predictions of x₀ (2M), midpoint variant.
///
/// With λ = ln(α/σ) and h = λ' − λ: x' = (σ'/σ)·x − α'·(e⁻ʰ − 1)·(D₀ + D₁/2), where D₀ is the
/// newest x₀ and D₁ its extrapolated change. First order at the first step and at the last, to
/// σ = 0.
/// - Source: Lu et al., arXiv:2211.01095, algorithm 2; diffusers 0.42.1
///   `DPMSolverMultistepScheduler` (dpmsolver++, midpoint, order 2, `final_sigmas_type` zero).
struct DPMSolverMultistepSampler: WalkingSampler {
    /// `outputs` are predictions of x₀, at most two.
    var history = SamplerHistory()

    let walk: LogSNRWalk
    private let prediction: PredictionType

    init(
        _ configuration: SchedulerConfiguration, steps: Int, karras: Bool
    ) throws(SamplerError) {
        walk = try LogSNRWalk(
            configuration, steps: steps, karras: karras, zeroTerminalSNR: .floored)
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
        let scale = next.sigma / here.sigma
        let growth = next.alpha * (exp(-h) - 1)
        guard history.outputs.count == 2, index + 1 < timesteps.count else {
            return elementwise(latents, original) { x, original in
                scale * x - growth * original
            }
        }
        let inverseRatio = 1 / ((here.lambda - walk.level(at: index - 1).lambda) / h)
        return elementwise(latents, original, history.outputs[0]) { x, original, before in
            let change = inverseRatio * (original - before)
            return scale * x - growth * original - 0.5 * growth * change
        }
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// DPM-Solver++ of second order within pairs of evaluations (2S), midpoint variant.
///
/// Evaluations alternate: a first-order step, then one of second order over both intervals from the
/// latents before the pair. The last evaluation is of first order, to σ = 0.
/// - Source: Lu et al., arXiv:2211.01095, algorithm 1; diffusers 0.42.1
///   `DPMSolverSinglestepScheduler` (dpmsolver++, midpoint, order 2, `lower_order_final`). It knows
///   no `timestep_spacing` but linspace.
struct DPMSolverSinglestepSampler: WalkingSampler {
    /// `outputs` are predictions of x₀, at most two; `latents` those before the pair.
    var history = SamplerHistory()

    let walk: LogSNRWalk
    private let prediction: PredictionType

    init(_ configuration: SchedulerConfiguration, steps: Int) throws(SamplerError) {
        var spread = configuration
        spread.timestepSpacing = .linspace
        walk = try LogSNRWalk(
            spread, steps: steps, karras: configuration.useKarrasSigmas,
            zeroTerminalSNR: .ignored)
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
        let closesPair = index % 2 == 1 && index + 1 < timesteps.count
        guard closesPair, let beginning = history.latents, history.outputs.count == 2 else {
            history.latents = latents
            let scale = next.sigma / here.sigma
            let growth = next.alpha * (exp(-(next.lambda - here.lambda)) - 1)
            return elementwise(latents, original) { x, original in
                scale * x - growth * original
            }
        }
        let before = walk.level(at: index - 1)
        let h = next.lambda - before.lambda
        let inverseRatio = 1 / ((here.lambda - before.lambda) / h)
        let scale = next.sigma / before.sigma
        let growth = next.alpha * (exp(-h) - 1)
        return elementwise(beginning, original, history.outputs[0]) { x, original, earlier in
            let change = inverseRatio * (original - earlier)
            return scale * x - growth * earlier - 0.5 * growth * change
        }
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Diffusion exponential integrator sampler of second order, in log ρ with ρ = σ/α.
///
/// x' = α'·(x/α + c₀·ε₀ + c₁·ε₁): the last two noise predictions, as a straight line in log ρ,
/// integrated from ρ to ρ'. First order at the first step, and at the last of fewer than 15.
/// - Source: Zhang & Chen, arXiv:2204.13902; diffusers 0.42.1 `DEISMultistepScheduler` (logrho,
///   order 2, `lower_order_final`), which ends at training's lowest level, not at 0.
struct DEISSampler: WalkingSampler {
    /// `outputs` are predictions of ε, at most two.
    var history = SamplerHistory()

    let walk: LogSNRWalk
    private let prediction: PredictionType

    init(_ configuration: SchedulerConfiguration, steps: Int) throws(SamplerError) {
        walk = try LogSNRWalk(
            configuration, steps: steps, karras: configuration.useKarrasSigmas,
            zeroTerminalSNR: .ignored, end: .lowest)
        prediction = configuration.predictionType
    }

    mutating func step(
        modelOutput: [Float], at index: Int, latents: [Float], noise: () -> [Float]
    ) -> [Float] {
        history.evaluations += 1
        let (here, next) = (walk.level(at: index), walk.level(at: index + 1))
        let predicted = elementwise(latents, modelOutput) { x, output in
            let original = prediction.original(x, output, alpha: here.alpha, sigma: here.sigma)
            return (x - here.alpha * original) / here.sigma
        }
        history.remember(predicted, limit: 2)
        let count = timesteps.count
        let endsLow = index + 1 == count && count < 15
        guard history.outputs.count == 2, !endsLow else {
            let scale = next.alpha / here.alpha
            let growth = next.sigma * (exp(next.lambda - here.lambda) - 1)
            return elementwise(latents, predicted) { scale * $0 - growth * $1 }
        }
        let before = walk.level(at: index - 1).ratio
        let newest = Self.weight(from: here.ratio, to: next.ratio, of: here.ratio, against: before)
        let older = Self.weight(from: here.ratio, to: next.ratio, of: before, against: here.ratio)
        return elementwise(latents, predicted, history.outputs[0]) { x, noise, earlier in
            next.alpha * (x / here.alpha + newest * noise + older * earlier)
        }
    }
}

extension DEISSampler {
    /// ∫ ln(ρ/c) / ln(b/c) dρ from `start` to `end`, with b the level the weight is for and c the
    /// other one.
    private static func weight(
        from start: Float, to end: Float, of b: Float, against c: Float
    ) -> Float {
        func integral(_ t: Float) -> Float {
            t * (-log(c) + log(t) - 1) / (log(b) - log(c))
        }
        return integral(end) - integral(start)
    }
}

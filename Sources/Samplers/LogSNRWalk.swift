#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A schedule on λ = ln(α/σ), half the logarithm of the signal-to-noise ratio, for the samplers of
/// the DPM-Solver family, whose latents are α·x₀ + σ·ε with α² + σ² = 1.
struct LogSNRWalk: NoiseWalk {
    /// A noise level in the three ways that the formulas use.
    struct Level: Sendable {
        /// σ/α.
        let ratio: Float
        let alpha: Float
        let sigma: Float
        /// +∞ where σ is 0.
        let lambda: Float

        /// The level at which σ/α is `ratio`.
        init(ratio: Float) {
            self.ratio = ratio
            alpha = 1 / (ratio * ratio + 1).squareRoot()
            sigma = ratio * alpha
            lambda = log(alpha) - log(sigma)
        }
    }

    /// Timestep to give the model at each step, always a whole number.
    let evaluationTimesteps: [Double]
    /// σ/α at each step, and at the end of the walk.
    let sigmas: [Float]

    /// Where a walk ends.
    enum End: Sendable {
        /// Free of noise.
        case zero
        /// At the lowest level of training; with Karras' levels, at the last step's.
        case lowest
    }

    init(
        _ configuration: SchedulerConfiguration, steps: Int, karras: Bool,
        zeroTerminalSNR: NoiseSchedule.ZeroTerminalSNR, end: End = .zero
    ) throws(SamplerError) {
        let schedule = try NoiseSchedule(configuration, zeroTerminalSNR: zeroTerminalSNR)
        let grid = SigmaGrid(trained: schedule.sigmas)
        if karras {
            let trained = grid.trained
            let sigmas = SigmaGrid.karras(
                from: Double(trained[trained.count - 1]), to: Double(trained[0]), steps: steps)
            // The whole part is what diffusers' integer timesteps keep of the cosine schedule's.
            let isRounded = configuration.betaSchedule != .squaredCosine
            evaluationTimesteps = grid.timesteps(of: sigmas).map {
                $0.rounded(isRounded ? .toNearestOrEven : .towardZero)
            }
            self.sigmas =
                sigmas.map(Float.init)
                + [end == .zero ? 0 : Float(sigmas[sigmas.count - 1])]
        } else {
            evaluationTimesteps =
                TimestepGrid(
                    steps: steps, trained: configuration.trainTimesteps,
                    spacing: configuration.timestepSpacing ?? .linspace,
                    offset: configuration.stepsOffset, dropsLowest: true
                ).timesteps
            sigmas =
                evaluationTimesteps.map { Float(grid.sigma(at: $0)) }
                + [end == .zero ? 0 : grid.trained[0]]
        }
    }

    /// The level at a step; one past the last step is the end.
    func level(at index: Int) -> Level {
        Level(ratio: sigmas[index])
    }

    /// α·x₀ + σ·ε.
    func addNoise(to original: [Float], noise: [Float], at index: Int) -> [Float] {
        let level = level(at: index)
        return elementwise(original, noise) { level.alpha * $0 + level.sigma * $1 }
    }
}

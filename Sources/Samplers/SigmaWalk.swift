/// A schedule on σ, for the samplers whose latents are x₀ + σ·ε.
struct SigmaWalk: NoiseWalk {
    /// Timestep to give the model at each step.
    let evaluationTimesteps: [Double]
    /// σ at each step, and 0 after the last.
    let sigmas: [Float]
    /// The standard deviation to begin with.
    let initialNoiseScale: Float
    /// The levels of training.
    let grid: SigmaGrid

    /// A walk on the configuration's timesteps or on Karras' levels, the timesteps of which may be
    /// brought to whole numbers.
    init(
        _ configuration: SchedulerConfiguration, steps: Int, karras: Bool,
        roundsKarrasTimesteps: Bool = false,
        zeroTerminalSNR: NoiseSchedule.ZeroTerminalSNR
    ) throws(SamplerError) {
        let schedule = try NoiseSchedule(configuration, zeroTerminalSNR: zeroTerminalSNR)
        grid = SigmaGrid(trained: schedule.sigmas)
        let spacing = configuration.timestepSpacing ?? .linspace
        var timesteps = TimestepGrid(
            steps: steps, trained: configuration.trainTimesteps, spacing: spacing,
            offset: configuration.stepsOffset, isWhole: false
        ).timesteps
        var sigmas = timesteps.map(grid.sigma(at:))
        if karras {
            sigmas = SigmaGrid.karras(
                from: sigmas[0], to: sigmas[sigmas.count - 1], steps: steps)
            timesteps = grid.timesteps(of: sigmas).map {
                roundsKarrasTimesteps ? $0.rounded(.toNearestOrEven) : Double(Float($0))
            }
        }
        evaluationTimesteps = timesteps
        self.sigmas = sigmas.map(Float.init) + [0]
        let highest = self.sigmas.reduce(0, max)
        initialNoiseScale =
            spacing == .leading ? (highest * highest + 1).squareRoot() : highest
    }

    /// x / √(σ² + 1), which has variance 1 at every σ.
    func scaledInput(_ latents: [Float], at index: Int) -> [Float] {
        scaledDown(latents, sigma: sigmas[index])
    }

    /// x₀ + σ·ε.
    func addNoise(to original: [Float], noise: [Float], at index: Int) -> [Float] {
        let sigma = sigmas[index]
        return elementwise(original, noise) { $0 + $1 * sigma }
    }
}

/// x / √(σ² + 1), which has variance 1 where x is x₀ + σ·ε.
func scaledDown(_ latents: [Float], sigma: Float) -> [Float] {
    let scale = (sigma * sigma + 1).squareRoot()
    return latents.map { $0 / scale }
}

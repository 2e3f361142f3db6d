/// A schedule on whole timesteps of training, for the samplers that look ᾱ up.
struct AlphaBarWalk: NoiseWalk {
    /// Timesteps to step at, falling; each within training.
    let timesteps: [Int]
    /// How many timesteps of training one step covers.
    let stride: Int
    private let schedule: NoiseSchedule
    /// ᾱ where the walk leaves the timesteps of training.
    private let finalAlphaBar: Float

    /// A walk on the configuration's timesteps, or on those given; `setAlphaToOne` is the default
    /// of the key.
    init(
        _ configuration: SchedulerConfiguration, steps: Int, setAlphaToOne: Bool,
        zeroTerminalSNR: NoiseSchedule.ZeroTerminalSNR, timesteps given: [Int]? = nil
    ) throws(SamplerError) {
        let trained = configuration.trainTimesteps
        schedule = try NoiseSchedule(configuration, zeroTerminalSNR: zeroTerminalSNR)
        stride = trained / steps
        finalAlphaBar =
            configuration.setAlphaToOne ?? setAlphaToOne ? 1 : schedule.alphaBar[0]
        timesteps =
            given
            ?? TimestepGrid(
                steps: steps, trained: trained,
                spacing: configuration.timestepSpacing ?? .leading,
                offset: configuration.stepsOffset
            ).timesteps.map { Int($0) }
        if let outside = timesteps.first(where: { !(0..<trained).contains($0) }) {
            throw .timestepOutOfRange(timestep: outside, trained: trained, steps: steps)
        }
    }

    var evaluationTimesteps: [Double] { timesteps.map(Double.init) }

    /// ᾱ at a timestep below the end of training; negative ones lie past the walk's end.
    func alphaBar(at timestep: Int) -> Float {
        timestep < 0 ? finalAlphaBar : schedule.alphaBar[timestep]
    }

    /// √ᾱ·x₀ + √(1 − ᾱ)·ε.
    func addNoise(to original: [Float], noise: [Float], atTimestep timestep: Int) -> [Float] {
        let alpha = alphaBar(at: timestep).squareRoot()
        let sigma = (1 - alphaBar(at: timestep)).squareRoot()
        return elementwise(original, noise) { alpha * $0 + sigma * $1 }
    }

    func addNoise(to original: [Float], noise: [Float], at index: Int) -> [Float] {
        addNoise(to: original, noise: noise, atTimestep: timesteps[index])
    }
}

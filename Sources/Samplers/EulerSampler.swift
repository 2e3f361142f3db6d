/// Euler's method on the probability flow dx/dσ = (x − x₀) / σ.
/// - Source: Karras et al., arXiv:2206.00364, algorithm 2 without churn; diffusers 0.42.1
///   `EulerDiscreteScheduler`, linear interpolation of σ.
struct EulerSampler: WalkingSampler {
    var history = SamplerHistory()

    let walk: SigmaWalk
    private let prediction: PredictionType

    init(_ configuration: SchedulerConfiguration, steps: Int) throws(SamplerError) {
        walk = try SigmaWalk(
            configuration, steps: steps, karras: configuration.useKarrasSigmas,
            zeroTerminalSNR: .floored)
        prediction = configuration.predictionType
    }

    mutating func step(
        modelOutput: [Float], at index: Int, latents: [Float], noise: () -> [Float]
    ) -> [Float] {
        history.evaluations += 1
        let sigma = walk.sigmas[index]
        let change = walk.sigmas[index + 1] - sigma
        return elementwise(latents, modelOutput) { x, output in
            let original = prediction.original(x, output, sigma: sigma)
            return x + (x - original) / sigma * change
        }
    }
}

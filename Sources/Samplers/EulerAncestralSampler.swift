/// Euler's method that steps below the next noise level and adds fresh noise up to it.
///
/// σ_up² = σ'²·(σ² − σ'²) / σ², σ_down² = σ'² − σ_up².
/// - Source: k-diffusion `sample_euler_ancestral` (Crowson) with η = 1; diffusers 0.42.1
///   `EulerAncestralDiscreteScheduler`, which draws noise at every step, the last included.
struct EulerAncestralSampler: WalkingSampler {
    var history = SamplerHistory()

    let walk: SigmaWalk
    private let prediction: PredictionType

    init(_ configuration: SchedulerConfiguration, steps: Int) throws(SamplerError) {
        prediction = try configuration.predictionType.notSample(for: .eulerAncestral)
        walk = try SigmaWalk(
            configuration, steps: steps, karras: false, zeroTerminalSNR: .floored)
    }

    mutating func step(
        modelOutput: [Float], at index: Int, latents: [Float], noise: () -> [Float]
    ) -> [Float] {
        history.evaluations += 1
        let sigma = walk.sigmas[index]
        let ancestry = AncestralStep(from: sigma, to: walk.sigmas[index + 1])
        let change = ancestry.down - sigma
        return elementwise(latents, modelOutput, noise()) { x, output, fresh in
            let original = prediction.original(x, output, sigma: sigma)
            return x + (x - original) / sigma * change + fresh * ancestry.up
        }
    }
}

/// A step's noise level split in two: stepped down to, and added back up.
///
/// σ_up² + σ_down² = σ'².
struct AncestralStep: Sendable {
    let up: Float
    let down: Float

    /// The split of a step from σ to σ' < σ.
    init(from sigma: Float, to next: Float) {
        let (square, nextSquare) = (sigma * sigma, next * next)
        up = (nextSquare * (square - nextSquare) / square).squareRoot()
        down = (nextSquare - up * up).squareRoot()
    }
}

/// Linear multistep in σ: the slope's course through the last four evaluations, integrated.
/// - Source: k-diffusion `sample_lms` (Crowson); diffusers 0.42.1 `LMSDiscreteScheduler`, which
///   integrates numerically. Beginning part-way, its order grows from one; diffusers' coefficients
///   then still count slopes that were never evaluated.
struct LMSSampler: WalkingSampler {
    /// `outputs` are slopes (x − x₀) / σ, at most four.
    var history = SamplerHistory()

    let walk: SigmaWalk
    private let prediction: PredictionType

    init(_ configuration: SchedulerConfiguration, steps: Int) throws(SamplerError) {
        walk = try SigmaWalk(
            configuration, steps: steps, karras: configuration.useKarrasSigmas,
            zeroTerminalSNR: .ignored)
        prediction = configuration.predictionType
    }

    mutating func step(
        modelOutput: [Float], at index: Int, latents: [Float], noise: () -> [Float]
    ) -> [Float] {
        history.evaluations += 1
        let sigma = walk.sigmas[index]
        history.remember(
            elementwise(latents, modelOutput) { x, output in
                (x - prediction.original(x, output, sigma: sigma)) / sigma
            }, limit: 4)
        let slopes = Array(history.outputs.reversed())
        var change = [Float](repeating: 0, count: latents.count)
        for (age, slope) in slopes.enumerated() {
            let weight = Float(weight(of: age, among: slopes.count, at: index))
            change = elementwise(change, slope) { $0 + weight * $1 }
        }
        return elementwise(latents, change) { $0 + $1 }
    }
}

extension LMSSampler {
    /// The integral, from σ to σ', of the Lagrange polynomial that is 1 at the slope `age` steps
    /// ago and 0 at the others. Simpson's rule is exact for it: its degree is three at most.
    private func weight(of age: Int, among count: Int, at index: Int) -> Double {
        let levels = (0..<count).map { Double(walk.sigmas[index - $0]) }
        func lagrange(_ sigma: Double) -> Double {
            var product = 1.0
            for other in 0..<count where other != age {
                product *= (sigma - levels[other]) / (levels[age] - levels[other])
            }
            return product
        }
        let (start, end) = (levels[0], Double(walk.sigmas[index + 1]))
        return (end - start) / 6
            * (lagrange(start) + 4 * lagrange((start + end) / 2) + lagrange(end))
    }
}

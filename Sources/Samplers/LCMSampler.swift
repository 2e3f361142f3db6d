/// Latent consistency models: x₀ at once, then noise of the next level on it.
///
/// d = c_out·x₀ + c_skip·x with c_skip = s²/(t² + s²), c_out = t/√(t² + s²), s = ½ and t ten times
/// the timestep; x' = √ᾱ'·d + √(1 − ᾱ')·ε, and d itself at the end.
/// - Source: Luo et al., arXiv:2310.04378, algorithm 3; diffusers 0.42.1 `LCMScheduler`
///   (`timestep_scaling` 10). `timestep_spacing` does not exist for it.
struct LCMSampler: WalkingSampler {
    var history = SamplerHistory()

    let walk: AlphaBarWalk
    private let prediction: PredictionType
    /// The bound of clean latents, or nil.
    private let clip: Float?

    /// Throws as well where there are more steps than the model was distilled from.
    init(_ configuration: SchedulerConfiguration, steps: Int) throws(SamplerError) {
        let (trained, original) = (
            configuration.trainTimesteps, configuration.originalInferenceSteps
        )
        guard (1...trained).contains(original) else {
            throw .invalidValue(
                key: "original_inference_steps", found: "\(original)",
                expected: "1 to \(trained), as num_train_timesteps says")
        }
        guard steps <= original else { throw .stepCount(steps, limit: original) }
        let stride = Double(original) / Double(steps)
        walk = try AlphaBarWalk(
            configuration, steps: steps, setAlphaToOne: true, zeroTerminalSNR: .exact,
            timesteps: (0..<steps).map { step in
                (original - Int(Double(step) * stride)) * (trained / original) - 1
            })
        prediction = configuration.predictionType
        clip = configuration.clipSample ?? false ? Float(configuration.clipSampleRange) : nil
    }

    mutating func step(
        modelOutput: [Float], at index: Int, latents: [Float], noise: () -> [Float]
    ) -> [Float] {
        history.evaluations += 1
        let timestep = walk.timesteps[index]
        let alphaBar = walk.alphaBar(at: timestep)
        let (alpha, sigma) = (alphaBar.squareRoot(), (1 - alphaBar).squareRoot())
        let scaled = Float(timestep) * 10
        let sum = scaled * scaled + 0.25
        let (skip, out) = (0.25 / sum, scaled / sum.squareRoot())
        let denoised = elementwise(latents, modelOutput) { x, output in
            var original = prediction.original(x, output, alpha: alpha, sigma: sigma)
            if let clip {
                original = min(max(original, -clip), clip)
            }
            return out * original + skip * x
        }
        guard index + 1 < walk.timesteps.count else { return denoised }
        return walk.addNoise(
            to: denoised, noise: noise(), at: index + 1)
    }
}

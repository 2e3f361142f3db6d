/// Denoising diffusion implicit models, without added noise (η = 0).
///
/// x₀ and ε are read off the model's output, then x' = √ᾱ'·x₀ + √(1 − ᾱ')·ε.
/// - Source: Song et al., arXiv:2010.02502, formula 12; diffusers 0.42.1 `DDIMScheduler`.
struct DDIMSampler: WalkingSampler {
    var history = SamplerHistory()

    let walk: AlphaBarWalk
    private let prediction: PredictionType
    /// The bound of clean latents, or nil.
    private let clip: Float?

    init(_ configuration: SchedulerConfiguration, steps: Int) throws(SamplerError) {
        walk = try AlphaBarWalk(
            configuration, steps: steps, setAlphaToOne: true, zeroTerminalSNR: .exact)
        prediction = configuration.predictionType
        clip = configuration.clipSample ?? true ? Float(configuration.clipSampleRange) : nil
    }

    mutating func step(
        modelOutput: [Float], at index: Int, latents: [Float], noise: () -> [Float]
    ) -> [Float] {
        history.evaluations += 1
        let timestep = walk.timesteps[index]
        let alphaBar = walk.alphaBar(at: timestep)
        let alphaBarNext = walk.alphaBar(at: timestep - walk.stride)
        let (alpha, sigma) = (alphaBar.squareRoot(), (1 - alphaBar).squareRoot())
        let (alphaNext, sigmaNext) = (alphaBarNext.squareRoot(), (1 - alphaBarNext).squareRoot())
        return elementwise(latents, modelOutput) { x, output in
            var original = prediction.original(x, output, alpha: alpha, sigma: sigma)
            if let clip {
                original = min(max(original, -clip), clip)
            }
            let noise = prediction.noise(x, output, alpha: alpha, sigma: sigma)
            return alphaNext * original + sigmaNext * noise
        }
    }
}

/// Denoising diffusion probabilistic models: a draw from the posterior of each step.
///
/// x' = (√ᾱ'·β/(1−ᾱ))·x₀ + (√α·(1−ᾱ')/(1−ᾱ))·x + √((1−ᾱ')/(1−ᾱ)·β)·ε with α = ᾱ/ᾱ' and β = 1 − α.
/// - Source: Ho et al., arXiv:2006.11239, formula 7; diffusers 0.42.1 `DDPMScheduler`
///   (`variance_type` fixed_small), which draws noise at every timestep but 0.
struct DDPMSampler: WalkingSampler {
    var history = SamplerHistory()

    let walk: AlphaBarWalk
    private let prediction: PredictionType
    /// The bound of clean latents, or nil.
    private let clip: Float?

    init(_ configuration: SchedulerConfiguration, steps: Int) throws(SamplerError) {
        var ended = configuration
        ended.setAlphaToOne = true
        walk = try AlphaBarWalk(
            ended, steps: steps, setAlphaToOne: true, zeroTerminalSNR: .exact)
        prediction = configuration.predictionType
        clip = configuration.clipSample ?? true ? Float(configuration.clipSampleRange) : nil
    }

    mutating func step(
        modelOutput: [Float], at index: Int, latents: [Float], noise: () -> [Float]
    ) -> [Float] {
        history.evaluations += 1
        let timestep = walk.timesteps[index]
        let next = index + 1 < walk.timesteps.count ? walk.timesteps[index + 1] : -1
        let (alphaBar, alphaBarNext) = (
            walk.alphaBar(at: timestep), walk.alphaBar(at: next)
        )
        let ratio = alphaBar / alphaBarNext
        let originalWeight = alphaBarNext.squareRoot() * (1 - ratio) / (1 - alphaBar)
        let latentsWeight = ratio.squareRoot() * (1 - alphaBarNext) / (1 - alphaBar)
        let (alpha, sigma) = (alphaBar.squareRoot(), (1 - alphaBar).squareRoot())
        let mean = elementwise(latents, modelOutput) { x, output in
            var original = prediction.original(x, output, alpha: alpha, sigma: sigma)
            if let clip {
                original = min(max(original, -clip), clip)
            }
            return originalWeight * original + latentsWeight * x
        }
        guard timestep > 0 else { return mean }
        let variance = max((1 - alphaBarNext) / (1 - alphaBar) * (1 - ratio), 1e-20)
        let deviation = variance.squareRoot()
        return elementwise(mean, noise()) { $0 + deviation * $1 }
    }
}

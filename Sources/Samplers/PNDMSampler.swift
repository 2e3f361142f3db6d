/// Pseudo linear multistep: DDIM's step with a noise prediction extrapolated from four evaluations.
///
/// The first step is taken twice, the second time with the mean of the predictions at both of its
/// ends, so there is one evaluation more than steps.
/// - Source: Liu et al., arXiv:2202.09778, formulas 9 and 12; diffusers 0.42.1 `PNDMScheduler` with
///   `skip_prk_steps`, which is what published latent models ask for, and A1111's PLMS.
struct PNDMSampler: Sampler {
    let timesteps: [Double]
    let initialNoiseScale: Float = 1
    /// `outputs` are raw model outputs, at most four; `latents` those the first step began with.
    var history = SamplerHistory()

    let walk: AlphaBarWalk
    private let prediction: PredictionType

    init(_ configuration: SchedulerConfiguration, steps: Int) throws(SamplerError) {
        prediction = try configuration.predictionType.notSample(for: .pndm)
        walk = try AlphaBarWalk(
            configuration, steps: steps, setAlphaToOne: false, zeroTerminalSNR: .ignored)
        let falling = walk.timesteps
        timesteps = (falling.prefix(2) + falling.dropFirst()).map(Double.init)
    }

    mutating func step(
        modelOutput: [Float], at index: Int, latents: [Float], noise: () -> [Float]
    ) -> [Float] {
        defer { history.evaluations += 1 }
        let timestep = Int(timesteps[index])
        switch history.evaluations {
        case 0:
            history.remember(modelOutput, limit: 4)
            history.latents = latents
            return advance(
                latents, output: modelOutput, from: timestep, to: timestep - walk.stride)
        case 1:
            let beginning = history.latents ?? latents
            history.latents = nil
            let mean = elementwise(modelOutput, history.outputs[0]) { ($0 + $1) / 2 }
            return advance(beginning, output: mean, from: timestep + walk.stride, to: timestep)
        default:
            history.remember(modelOutput, limit: 4)
            return advance(
                latents, output: extrapolated, from: timestep, to: timestep - walk.stride)
        }
    }

    func addNoise(to original: [Float], noise: [Float], at index: Int) -> [Float] {
        walk.addNoise(to: original, noise: noise, atTimestep: Int(timesteps[index]))
    }
}

extension PNDMSampler {
    /// Adams–Bashforth over as many outputs as there are: two, three or four.
    private var extrapolated: [Float] {
        let e = Array(history.outputs.reversed())
        switch e.count {
        case 2:
            return elementwise(e[0], e[1]) { (3 * $0 - $1) / 2 }
        case 3:
            return elementwise(e[0], e[1], e[2]) { (23 * $0 - 16 * $1 + 5 * $2) / 12 }
        default:
            return e[0].indices.map { i in
                Float(1.0 / 24) * (55 * e[0][i] - 59 * e[1][i] + 37 * e[2][i] - 9 * e[3][i])
            }
        }
    }

    /// Formula 9 of the paper: latents at `from` brought to `to`.
    private func advance(
        _ latents: [Float], output: [Float], from timestep: Int, to next: Int
    ) -> [Float] {
        let (alphaBar, alphaBarNext) = (
            walk.alphaBar(at: timestep), walk.alphaBar(at: next)
        )
        let (alpha, sigma) = (alphaBar.squareRoot(), (1 - alphaBar).squareRoot())
        let scale = (alphaBarNext / alphaBar).squareRoot()
        let denominator =
            alphaBar * (1 - alphaBarNext).squareRoot()
            + (alphaBar * (1 - alphaBar) * alphaBarNext).squareRoot()
        return elementwise(latents, output) { x, output in
            let noise = prediction.noise(x, output, alpha: alpha, sigma: sigma)
            return scale * x - (alphaBarNext - alphaBar) * noise / denominator
        }
    }
}

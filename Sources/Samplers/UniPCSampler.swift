#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Unified predictor-corrector of second order on predictions of x₀, variant B₂(h).
///
/// Each evaluation first corrects the latents it was made at, from the ones before, then predicts
/// the next. The first and the last prediction are of first order.
/// - Source: Zhao et al., arXiv:2302.04867, algorithms 5 and 6; diffusers 0.42.1
///   `UniPCMultistepScheduler` (bh2, order 2, `predict_x0`, `lower_order_final`).
struct UniPCSampler: WalkingSampler {
    /// `outputs` are predictions of x₀, at most two; `latents` the step before's, corrected.
    var history = SamplerHistory()

    let walk: LogSNRWalk
    private let prediction: PredictionType

    init(_ configuration: SchedulerConfiguration, steps: Int) throws(SamplerError) {
        walk = try LogSNRWalk(
            configuration, steps: steps, karras: configuration.useKarrasSigmas,
            zeroTerminalSNR: .floored)
        prediction = configuration.predictionType
    }

    mutating func step(
        modelOutput: [Float], at index: Int, latents: [Float], noise: () -> [Float]
    ) -> [Float] {
        let here = walk.level(at: index)
        let original = elementwise(latents, modelOutput) { x, output in
            prediction.original(x, output, alpha: here.alpha, sigma: here.sigma)
        }
        var corrected = latents
        if let before = history.latents {
            corrected = correct(before, to: index, newest: original)
        }
        history.remember(original, limit: 2)
        history.latents = corrected
        history.evaluations += 1
        return predict(corrected, from: index)
    }
}

extension UniPCSampler {
    /// What the formulas share for a step from one level to the next.
    private struct Interval {
        let scale: Float
        /// α'·(e⁻ʰ − 1).
        let growth: Float
        let h: Float

        init(from here: LogSNRWalk.Level, to next: LogSNRWalk.Level) {
            h = next.lambda - here.lambda
            scale = next.sigma / here.sigma
            growth = next.alpha * expm1(-h)
        }

        /// The step of first order.
        func plain(_ x: Float, _ original: Float) -> Float { scale * x - growth * original }
    }

    /// Where the level before `index` lies in a step of `h`: −1 for equal steps.
    private func ratio(before index: Int, h: Float) -> Float {
        (walk.level(at: index - 1).lambda - walk.level(at: index).lambda) / h
    }

    /// The order of the prediction that evaluation number `evaluation`, from 1, makes at `index`.
    private func order(at index: Int, evaluation: Int) -> Int {
        min(2, timesteps.count - index, evaluation)
    }

    private func predict(_ latents: [Float], from index: Int) -> [Float] {
        let interval = Interval(from: walk.level(at: index), to: walk.level(at: index + 1))
        let newest = history.outputs[history.outputs.count - 1]
        guard order(at: index, evaluation: history.evaluations) == 2 else {
            return elementwise(latents, newest) { interval.plain($0, $1) }
        }
        let ratio = ratio(before: index, h: interval.h)
        return elementwise(latents, newest, history.outputs[0]) { x, original, before in
            interval.plain(x, original) - interval.growth * (0.5 * ((before - original) / ratio))
        }
    }

    /// The latents at `index` once more, from those a step before and the prediction there.
    private func correct(_ latents: [Float], to index: Int, newest: [Float]) -> [Float] {
        let interval = Interval(from: walk.level(at: index - 1), to: walk.level(at: index))
        let last = history.outputs[history.outputs.count - 1]
        guard order(at: index - 1, evaluation: history.evaluations) == 2 else {
            return elementwise(latents, last, newest) { x, original, newest in
                interval.plain(x, original) - interval.growth * (0.5 * (newest - original))
            }
        }
        let ratio = ratio(before: index - 1, h: interval.h)
        let (older, newer) = Self.correctorWeights(h: interval.h, ratio: ratio)
        let before = history.outputs[0]
        return latents.indices.map { i in
            let change = older * ((before[i] - last[i]) / ratio) + newer * (newest[i] - last[i])
            return interval.plain(latents[i], last[i]) - interval.growth * change
        }
    }

    /// The solution of w₁ + w₂ = b₁, r·w₁ + w₂ = b₂ with b from the φ-functions of −h.
    private static func correctorWeights(h: Float, ratio: Float) -> (older: Float, newer: Float) {
        let phi = expm1(-h)
        let second = phi / -h - 1
        let third = second / -h - 0.5
        let (b1, b2) = (second / phi, third * 2 / phi)
        let older = (b1 - b2) / (1 - ratio)
        return (older, b1 - older)
    }
}

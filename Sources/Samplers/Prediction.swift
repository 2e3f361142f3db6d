// What a model's output says about the clean latents and the noise, element by element and in the
// order of operations in which torch rounds.

extension PredictionType {
    /// This meaning, where `kind` can work with it: not with a model that predicts x₀.
    func notSample(for kind: SamplerKind) throws(SamplerError) -> PredictionType {
        guard self != .sample else {
            throw .unsupportedPrediction(
                sampler: kind.rawValue, found: rawValue,
                supported: [PredictionType.epsilon.rawValue, PredictionType.velocity.rawValue])
        }
        return self
    }

    /// x₀ predicted from x = α·x₀ + σ·ε and the model's output at x.
    func original(_ x: Float, _ output: Float, alpha: Float, sigma: Float) -> Float {
        switch self {
        case .epsilon: (x - sigma * output) / alpha
        case .velocity: alpha * x - sigma * output
        case .sample: output
        }
    }

    /// ε predicted from x = α·x₀ + σ·ε and the model's output at x.
    func noise(_ x: Float, _ output: Float, alpha: Float, sigma: Float) -> Float {
        switch self {
        case .epsilon: output
        case .velocity: alpha * output + sigma * x
        case .sample: (x - alpha * output) / sigma
        }
    }

    /// x₀ predicted from x = x₀ + σ·ε and the model's output at x / √(σ² + 1).
    func original(_ x: Float, _ output: Float, sigma: Float) -> Float {
        switch self {
        case .epsilon:
            x - sigma * output
        case .velocity:
            output * (-sigma / (sigma * sigma + 1).squareRoot()) + x / (sigma * sigma + 1)
        case .sample:
            output
        }
    }
}

/// `operation` on each pair of elements; both have the same count (trap).
func elementwise(
    _ first: [Float], _ second: [Float], _ operation: (Float, Float) -> Float
) -> [Float] {
    precondition(first.count == second.count, "\(first.count) and \(second.count) elements")
    return first.indices.map { operation(first[$0], second[$0]) }
}

/// `operation` on each triple of elements; all have the same count (trap).
func elementwise(
    _ first: [Float], _ second: [Float], _ third: [Float],
    _ operation: (Float, Float, Float) -> Float
) -> [Float] {
    precondition(
        first.count == second.count && first.count == third.count,
        "\(first.count), \(second.count) and \(third.count) elements")
    return first.indices.map { operation(first[$0], second[$0], third[$0]) }
}

package import Tensors

/// y = activation(x · weightᵀ + bias), token by token.
package struct Linear: Sendable {
    let matrix: Matrix
    let bias: Vector?
    let lowRanks: [LowRank]

    package var outputs: Int { matrix.outputs }

    /// Reads `name.weight` [outputs, channels] (or the same as a 1×1 convolution) and, unless the
    /// layer has none, `name.bias` [outputs].
    package init(
        _ name: String, channels: Int, outputs: Int, bias hasBias: Bool = true,
        from weights: WeightReader
    ) throws {
        matrix = try weights.matrix(name + ".weight", outputs: outputs, channels: channels)
        bias = hasBias ? try weights.vector(name + ".bias", count: outputs) : nil
        lowRanks = try weights.lowRanks(name, outputs: outputs, channels: channels)
    }

    /// [N, T, C] → [N, T, outputs]. The input is layer-normalised on its way in if `norm` is given.
    package func callAsFunction(
        _ x: Tensor, norm: LayerNorm? = nil, activation: Activation = .none,
        residual: Residual? = nil, on executor: Executor
    ) -> Tensor {
        let y = executor.tensor(x.shape.with(channels: outputs))
        let output = output(y, activation: activation, residual: residual)
        WindowProduct(
            inputs: [.tensor(x)], window: .point, prologue: norm.map(Prologue.layerNorm) ?? .none,
            outputs: [output], executor: executor
        ).run()
        return y
    }

    /// The same with the input scaled and shifted on its way in (a group norm).
    package func callAsFunction(
        _ x: Tensor, scaledBy coefficients: ScaleShift, on executor: Executor
    ) -> Tensor {
        Linear.project(x, .scaleShift(coefficients), [self], on: executor)[0]
    }

    /// Several projections of one input, which is normalised and packed once.
    static func project(
        _ x: Tensor, _ prologue: Prologue, _ layers: [Linear], on executor: Executor
    ) -> [Tensor] {
        let tensors = layers.map { executor.tensor(x.shape.with(channels: $0.outputs)) }
        let outputs = zip(layers, tensors).map { $0.output($1) }
        WindowProduct(
            inputs: [.tensor(x)], window: .point, prologue: prologue, outputs: outputs,
            executor: executor
        ).run()
        return tensors
    }

    private func output(
        _ y: Tensor, activation: Activation = .none, residual: Residual? = nil
    ) -> ProductOutput {
        ProductOutput(
            matrix: matrix, bias: bias.map(ProductOutput.Bias.shared) ?? .none,
            target: .tensor(y, residual: residual), activation: activation, lowRanks: lowRanks)
    }
}

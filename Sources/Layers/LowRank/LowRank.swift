internal import Tensors

/// What a LoRA adds to a layer: y += scale · up(down(x)).
/// - Source: Hu et al., arXiv:2106.09685.
struct LowRank: Sendable {
    /// [rank, channels], or a convolution with the layer's window.
    let down: Matrix
    /// [outputs, rank].
    let up: Matrix
    let scale: Float
}

extension WindowProduct {
    /// The same product, with what low-rank adapters add to its outputs computed beforehand.
    func addingLowRanks() -> WindowProduct {
        guard outputs.contains(where: { !$0.lowRanks.isEmpty }) else { return self }
        return WindowProduct(
            inputs: inputs, window: window, upsampled: upsampled, prologue: prologue, rows: rows,
            outputs: outputs.map { output in
                var output = output
                output.addend = sum(output.lowRanks, shape: output.target.shape)
                output.lowRanks = []
                return output
            },
            executor: executor)
    }

    /// nil for none.
    private func sum(_ lowRanks: [LowRank], shape: Shape) -> Tensor? {
        // Their weights are in files of their own, which nobody streams.
        let executor = executor.reading(from: nil)
        var sum: Tensor?
        for lowRank in lowRanks {
            let narrow = executor.tensor(shape.with(channels: lowRank.down.outputs))
            WindowProduct(
                inputs: inputs, window: window, upsampled: upsampled, prologue: prologue,
                outputs: [
                    ProductOutput(
                        matrix: lowRank.down, bias: .none, target: .tensor(narrow, residual: nil))
                ], executor: executor
            ).run()
            scale(narrow, by: lowRank.scale)
            let wide = executor.tensor(shape)
            WindowProduct(
                inputs: [.tensor(narrow)], window: .point,
                outputs: [
                    ProductOutput(
                        matrix: lowRank.up, bias: .none,
                        target: .tensor(wide, residual: sum.map { Residual($0) }))
                ], executor: executor
            ).run()
            sum = wide
        }
        return sum
    }

    private func scale(_ x: Tensor, by factor: Float) {
        let count = x.shape.count / x.shape.images
        executor.parallel.run(tasks: x.shape.images) { image, _ in
            let values = x.pointer(image: image)
            for index in 0..<count { values[index] *= factor }
        }
    }
}

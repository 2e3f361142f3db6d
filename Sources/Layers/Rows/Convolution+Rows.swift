internal import Tensors

extension Convolution {
    /// Rows are best computed so many at a time from the top on: Winograd's tiles are.
    var rowsAtOnce: Int { matrix.isInt8 && window == .same(kernel: 3) ? WinogradPlan.side : 1 }

    /// The shape of the output for one picture.
    func output(_ input: Shape, doubled: Bool) -> Shape {
        let factor = doubled ? 2 : 1
        return Shape(
            images: 1, height: window.output(input.height * factor),
            width: window.output(input.width * factor), channels: outputs)
    }

    /// Computes rows of one picture; the stores hold the rows that are read and have room for the result.
    func compute(
        _ rows: Range<Int>, of inputs: [RowStore], norm: ScaleShift?, doubled: Bool,
        activation: Activation, into target: RowTarget, on executor: Executor
    ) {
        let input = inputs[0].shape
        WindowProduct(
            inputs: inputs.map(ProductInput.rows), window: window,
            upsampled: doubled
                ? Upsampled(height: 2 * input.height, width: 2 * input.width) : nil,
            prologue: norm.map(Prologue.scaleShift) ?? .none, rows: rows,
            outputs: [
                ProductOutput(
                    matrix: matrix, bias: bias.map(ProductOutput.Bias.shared) ?? .none,
                    target: .rows(target), activation: activation)
            ],
            executor: executor
        ).convolve()
    }
}

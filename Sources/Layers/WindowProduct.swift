internal import CKernels
internal import Tensors

/// One matrix that a product's packed rows are multiplied with, and what becomes of the result.
struct ProductOutput {
    let matrix: Matrix
    /// [images][outputs rounded up to 16], or the same bias for every image.
    let bias: Bias
    let tensor: Tensor
    var activation: Activation = .none
    var residual: Residual?

    enum Bias {
        case none
        case shared(Vector)
        case perImage(Tensor)

        func pointer(image: Int) -> UnsafePointer<Float>? {
            switch self {
            case .none: nil
            case .shared(let vector): vector.pointer
            case .perImage(let tensor): UnsafePointer(tensor.pointer(image: image))
            }
        }
    }
}

/// The work of every linear layer and convolution: pack a strip of rows once, multiply it with one or
/// more matrices, finish the strip while it is in the cache.
///
/// The inputs are concatenated along their channels without ever being copied together.
struct WindowProduct {
    let inputs: [Tensor]
    let window: Window
    var upsampled: Upsampled?
    var prologue: Prologue = .none
    let outputs: [ProductOutput]
    let executor: Executor

    /// True when every output pixel reads the one input pixel at its own place.
    var readsPoints: Bool { window.isPoint && upsampled == nil }

    /// Runs the product; matrices that want different forms of the input take turns.
    ///
    /// The inputs have as many channels as each matrix takes (trap otherwise: the kernels would read past them).
    func run() {
        let channels = inputs.reduce(0) { $0 + $1.shape.channels }
        precondition(outputs.allSatisfy { $0.matrix.channels == channels })
        var remaining = outputs
        while let first = remaining.first {
            let format = RowFormat(for: first.matrix, on: executor)
            let isSame = { (output: ProductOutput) in
                RowFormat(for: output.matrix, on: executor) == format
            }
            run(remaining.filter(isSame), plan: StripPlan(self, format: format))
            remaining.removeAll(where: isSame)
        }
    }

    private func run(_ outputs: [ProductOutput], plan: StripPlan) {
        let scratch = executor.scratch(bytesPerWorker: plan.scratchBytes)
        executor.parallel.run(tasks: plan.tasks) { task, worker in
            let strip = plan.strip(task)
            let packer = StripPacker(
                product: self, plan: plan, memory: scratch.slice(worker: worker))
            let rows = packer.pack(strip)
            for output in outputs {
                multiply(rows, strip: strip, plan: plan, into: output)
            }
        }
    }

    private func multiply(
        _ rows: PackedRows, strip: StripPlan.Strip, plan: StripPlan, into output: ProductOutput
    ) {
        let matrix = output.matrix
        let range = strip.share(of: matrix.panelCount)
        guard !range.isEmpty else { return }
        let c =
            output.tensor.pointer(image: strip.image)
            + strip.firstRow * plan.outputWidth * matrix.outputs
        let geometry = ck_window(
            height: strip.rowCount, width: plan.outputWidth, strip_width: plan.stripWidth,
            kernel_h: window.kernel, kernel_w: window.kernel, stride: window.stride,
            channels: rows.layout.stride)
        matrix.multiply(
            rows, window: geometry, range: range, bias: output.bias.pointer(image: strip.image),
            into: c)

        let panelWidth = matrix.panelWidth
        let firstColumn = range.lowerBound * panelWidth
        let columns = min(range.upperBound * panelWidth, matrix.outputs) - firstColumn
        let pixels = strip.rowCount * plan.outputWidth
        output.activation.apply(
            rows: pixels, columns: columns, firstColumn: firstColumn, c + firstColumn,
            stride: matrix.outputs)
        output.residual?.apply(
            rows: pixels, columns: columns, offset: c + firstColumn - output.tensor.pointer,
            c + firstColumn, stride: matrix.outputs)
    }
}

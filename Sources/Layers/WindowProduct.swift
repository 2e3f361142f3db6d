internal import CKernels
internal import Tensors

/// Where a product's pixels come from.
enum ProductInput {
    case tensor(Tensor)
    case rows(RowStore)

    var shape: Shape {
        switch self {
        case .tensor(let tensor): tensor.shape
        case .rows(let store): store.shape
        }
    }

    var type: RowType {
        if case .rows(let store) = self { store.type } else { .f32 }
    }

    /// Pixel `pixel` and those after it: of a store only to the end of the row.
    func pointer(image: Int, pixel: Int) -> UnsafeRawPointer {
        switch self {
        case .tensor(let tensor):
            UnsafeRawPointer(tensor.pointer(image: image) + pixel * tensor.shape.channels)
        case .rows(let store):
            UnsafeRawPointer(
                store.pointer(row: pixel / store.shape.width, column: pixel % store.shape.width))
        }
    }
}

/// One matrix that a product's packed rows are multiplied with, and what becomes of the result.
struct ProductOutput {
    let matrix: Matrix
    /// [images][outputs rounded up to 16], or the same bias for every image.
    let bias: Bias
    let target: Target
    var activation: Activation = .none

    enum Target {
        case tensor(Tensor, residual: Residual?)
        case rows(RowTarget)
    }

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
    let inputs: [ProductInput]
    let window: Window
    var upsampled: Upsampled?
    var prologue: Prologue = .none
    /// The rows of output that are wanted; nil for all, and always of stores.
    var rows: Range<Int>?
    let outputs: [ProductOutput]
    let executor: Executor

    /// True when every output pixel reads the one input pixel at its own place, and pixels lie in a row.
    var readsPoints: Bool { window.isPoint && upsampled == nil && rows == nil }

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
            let memory = scratch.slice(worker: worker)
            let rows = StripPacker(product: self, plan: plan, memory: memory).pack(strip)
            for output in outputs {
                switch output.target {
                case .tensor(let tensor, let residual):
                    let c =
                        tensor.pointer(image: strip.image)
                        + strip.firstRow * plan.outputWidth * output.matrix.outputs
                    let block = multiply(rows, strip: strip, plan: plan, by: output, into: c)
                    residual?.apply(block, offset: block.values - tensor.pointer)
                case .rows(let target):
                    let c = (memory + plan.packedBytes).assumingMemoryBound(to: Float.self)
                    let block = multiply(rows, strip: strip, plan: plan, by: output, into: c)
                    target.take(block, from: strip)
                }
            }
        }
    }

    /// A strip's share of an output, the activation applied, in rows of `c`.
    private func multiply(
        _ rows: PackedRows, strip: StripPlan.Strip, plan: StripPlan, by output: ProductOutput,
        into c: UnsafeMutablePointer<Float>
    ) -> OutputBlock {
        let matrix = output.matrix
        let range = strip.share(of: matrix.panelCount)
        let firstColumn = min(range.lowerBound * matrix.panelWidth, matrix.outputs)
        let block = OutputBlock(
            rows: strip.rowCount * plan.outputWidth, firstColumn: firstColumn,
            columns: min(range.upperBound * matrix.panelWidth, matrix.outputs) - firstColumn,
            values: c + firstColumn, stride: matrix.outputs)
        guard block.columns > 0 else { return block }
        let geometry = ck_window(
            height: strip.rowCount, width: plan.outputWidth, strip_width: plan.stripWidth,
            kernel_h: window.kernel, kernel_w: window.kernel, stride: window.stride,
            channels: rows.layout.stride)
        matrix.multiply(
            rows, window: geometry, range: range, bias: output.bias.pointer(image: strip.image),
            into: c)
        output.activation.apply(block)
        return block
    }
}

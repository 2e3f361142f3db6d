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
    /// What LoRAs add to the matrix.
    var lowRanks: [LowRank] = []
    /// Of the target's shape, added before the activation; only where the target is a tensor.
    var addend: Tensor?

    enum Target {
        case tensor(Tensor, residual: Residual?)
        case rows(RowTarget)

        /// Of the whole output.
        var shape: Shape {
            switch self {
            case .tensor(let tensor, _): tensor.shape
            case .rows(let target): target.store.shape
            }
        }
    }

    /// Applies to a part of the target what comes before its residual.
    func activate(_ block: OutputBlock) {
        if let addend, case .tensor(let tensor, _) = target {
            Residual(addend).apply(block, offset: block.values - tensor.pointer)
        }
        activation.apply(block)
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

    /// Runs a convolution by the fastest of the ways that suit it.
    func convolve() {
        addingLowRanks().convolveAdded()
    }

    private func convolveAdded() {
        if let doubled = DoubledProduct(self) {
            doubled.run()
        } else if let winograd = WinogradProduct(self) {
            winograd.run()
        } else {
            runAdded()
        }
    }

    /// Tells the executor how much work an output is, in multiply-adds of the direct sum.
    /// - Parameter rows: of the output, nil for those that are wanted.
    func count(_ output: ProductOutput, as kind: WorkKind, rows: Range<Int>? = nil) {
        guard let work = executor.work else { return }
        let shape = output.target.shape
        let pixels = shape.images * ((rows ?? self.rows)?.count ?? shape.height) * shape.width
        let channels = inputs.reduce(0) { $0 + $1.shape.channels }
        let read = channels * window.stride * window.stride / (upsampled == nil ? 1 : 4)
        work.add(
            kind, pixels * output.matrix.multiplyAddsPerRow,
            elements: pixels * (read + shape.channels))
    }

    /// Runs the product; matrices that want different forms of the input take turns.
    ///
    /// The inputs have as many channels as each matrix takes (trap otherwise: the kernels would read past them).
    func run() {
        addingLowRanks().runAdded()
    }

    private func runAdded() {
        let channels = inputs.reduce(0) { $0 + $1.shape.channels }
        precondition(outputs.allSatisfy { $0.matrix.channels == channels })
        executor.weights?.require(outputs.map(\.matrix.range))
        for output in outputs { count(output, as: output.matrix.workKind) }
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
        let packed = executor.workspace.take(bytes: plan.packedBytes)
        let scratch = executor.scratch(bytesPerWorker: plan.scratchBytes)
        for slab in plan.slabs {
            let packer = StripPacker(
                product: self, plan: plan, slab: slab, memory: packed.pointer)
            packer.pack(on: executor, scratch: scratch)
            let strips = plan.strips(of: slab)
            let parts = outputs.flatMap { output in
                plan.parts(
                    of: output.matrix, strips: strips.count, threads: executor.parallel.threads
                ).map { (output: output, panels: $0) }
            }
            let order = plan.order(
                parts: parts.count, strips: strips.count, threads: executor.parallel.threads)
            executor.parallel.run(tasks: order.count) { task, worker in
                let part = parts[order[task].part]
                let strip = strips[order[task].strip]
                let work = StripWork(
                    strip: strip, rows: packer.rows(for: strip), panels: part.panels, plan: plan)
                multiply(work, by: part.output, memory: scratch.slice(worker: worker))
            }
        }
    }

    /// One task: a strip's rows and the panels that they meet.
    private struct StripWork {
        let strip: StripPlan.Strip
        let rows: PackedRows
        let panels: Range<Int>
        let plan: StripPlan
    }

    private func multiply(
        _ work: StripWork, by output: ProductOutput, memory: UnsafeMutableRawPointer
    ) {
        switch output.target {
        case .tensor(let tensor, let residual):
            let c =
                tensor.pointer(image: work.strip.image)
                + work.strip.firstRow * work.plan.outputWidth * output.matrix.outputs
            let block = multiply(work, by: output, into: c)
            residual?.apply(block, offset: block.values - tensor.pointer)
        case .rows(let target):
            let block = multiply(
                work, by: output, into: memory.assumingMemoryBound(to: Float.self))
            target.take(block, row: work.strip.firstRow)
        }
    }

    /// The part of the output, the activation applied, in rows of `c`.
    private func multiply(
        _ work: StripWork, by output: ProductOutput, into c: UnsafeMutablePointer<Float>
    ) -> OutputBlock {
        let matrix = output.matrix
        let strip = work.strip
        let firstColumn = work.panels.lowerBound * matrix.panelWidth
        let block = OutputBlock(
            rows: strip.rowCount * work.plan.outputWidth, firstColumn: firstColumn,
            columns: min(work.panels.upperBound * matrix.panelWidth, matrix.outputs) - firstColumn,
            values: c + firstColumn, stride: matrix.outputs)
        let geometry = ck_window(
            height: strip.rowCount, width: work.plan.outputWidth,
            strip_width: work.plan.stripWidth, kernel_h: window.kernel, kernel_w: window.kernel,
            stride: window.stride, channels: work.rows.layout.stride)
        matrix.multiply(
            work.rows, window: geometry, range: work.panels,
            bias: output.bias.pointer(image: strip.image), into: c)
        output.activate(block)
        return block
    }
}

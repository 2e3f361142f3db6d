internal import CKernels
internal import Tensors

/// A convolution 3×3 of int8 weights by Winograd's F(4×4, 3×3): a quarter of the products, in float32
/// or in integers of 16 bits (`winograd.h`).
///
/// A task gathers and transforms the input of a rectangle of tiles, multiplies it with its share of the
/// panels, and finishes the rectangle while it is in the cache. Tiles are counted from the picture's
/// corner, so a pixel's bits do not depend on the tasks.
struct WinogradProduct {
    private let product: WindowProduct
    private let output: ProductOutput
    private let weights: ck_panels_q8
    private let plan: WinogradPlan
    private let standing: StandingPixels?

    /// nil for a product that is not of this kind, or that the direct way computes faster.
    init?(_ product: WindowProduct) {
        guard let output = product.outputs.first, product.outputs.count == 1,
            case .q8(let weights) = output.matrix.panels,
            product.window == .same(kernel: 3), !product.prologue.isLayerNorm,
            product.executor.winograd.takes(
                height: output.target.shape.height, width: output.target.shape.width)
        else { return nil }
        self.product = product
        self.output = output
        self.weights = weights
        plan = WinogradPlan(product, matrix: output.matrix)
        standing = StandingPixels(product, plan: plan)
    }

    func run() {
        product.executor.weights?.require([output.matrix.range])
        product.count(output, as: .winograd)
        let scratch = product.executor.scratch(bytesPerWorker: plan.scratchBytes)
        product.executor.parallel.run(tasks: plan.tasks) { task, worker in
            let block = plan.block(task)
            let memory = scratch.slice(worker: worker)
            for (index, panels) in plan.runs(block).enumerated() {
                multiply(block, panels, transforming: index == 0, in: memory)
                finish(block, panels, in: memory)
            }
        }
    }

    /// Sums the products of all parts of the channels. The block's first run transforms them.
    private func multiply(
        _ block: WinogradPlan.Block, _ panels: Range<Int>, transforming: Bool,
        in memory: UnsafeMutableRawPointer
    ) {
        let input = floats(memory, after: 0)
        let sums = floats(memory, after: plan.inputBytes)
        let range = ck_panel_range(panels)
        for (index, channels) in plan.parts.enumerated() where transforming {
            let part = input + index * plan.partStride
            transform(channels, of: block, in: memory, into: part)
            guard plan.isOneRun else { continue }
            ck_winograd_multiply_q8(
                block.geometry, ck_winograd_parts(input: part, channels), weights, range, sums)
        }
        guard !plan.isOneRun else { return }
        let all = ck_winograd_parts(input: input, stride: plan.partStride, 0..<plan.channels)
        ck_winograd_multiply_q8(block.geometry, all, weights, range, sums)
    }

    private func transform(
        _ channels: Range<Int>, of block: WinogradPlan.Block, in memory: UnsafeMutableRawPointer,
        into input: UnsafeMutablePointer<Float>
    ) {
        if let standing {
            for row in 0..<block.geometry.tile_rows {
                standing.transform(channels, of: block, tileRow: row, into: input)
            }
            return
        }
        let pixels = floats(memory, after: plan.inputBytes + plan.productBytes)
        let gatherer = TileGatherer(
            product: product, plan: plan, pixels: pixels,
            narrow: floats(pixels, after: plan.gatherBytes))
        for row in 0..<block.geometry.tile_rows {
            gatherer.gather(block, tileRow: row, channels: channels)
            ck_winograd_transform(block.geometry, row, channels.count, pixels, input)
        }
    }

    /// Stores the outputs of a run of panels, and applies what follows, row of tiles by row of tiles:
    /// they stay in the first-level cache meanwhile.
    private func finish(
        _ block: WinogradPlan.Block, _ panels: Range<Int>, in memory: UnsafeMutableRawPointer
    ) {
        for tileRow in 0..<block.geometry.tile_rows {
            let top = block.top + tileRow * WinogradPlan.side
            switch output.target {
            case .tensor(let tensor, let residual):
                let pixel = top * plan.width + block.left
                let y = tensor.pointer(image: block.image) + pixel * output.matrix.outputs
                store(block, tileRow, panels, in: memory, at: y, width: plan.width) { line, _ in
                    residual?.apply(line, offset: line.values - tensor.pointer)
                }
            case .rows(let target):
                let y = floats(memory, after: plan.packedBytes)
                let width = block.geometry.width
                store(block, tileRow, panels, in: memory, at: y, width: width) { line, row in
                    target.take(line, row: top + row, pixel: block.left)
                }
            }
        }
    }

    /// - Parameters:
    ///   - y: rows of `width` pixels, the first of them the row of tiles' first.
    ///   - then: is given each row of pixels, the activation applied, and its number.
    private func store(
        _ block: WinogradPlan.Block, _ tileRow: Int, _ panels: Range<Int>,
        in memory: UnsafeMutableRawPointer, at y: UnsafeMutablePointer<Float>, width: Int,
        then: (OutputBlock, Int) -> Void
    ) {
        let outputs = output.matrix.outputs
        let rowStride = width * outputs
        ck_winograd_finish_q8(
            block.geometry, tileRow, weights, ck_panel_range(panels),
            output.bias.pointer(image: block.image), floats(memory, after: plan.inputBytes), y,
            rowStride, outputs)
        let firstColumn = panels.lowerBound * output.matrix.panelWidth
        let columns = min(panels.upperBound * output.matrix.panelWidth, outputs) - firstColumn
        let height = block.geometry.height - tileRow * WinogradPlan.side
        for row in 0..<min(height, WinogradPlan.side) {
            let line = OutputBlock(
                rows: block.geometry.width, firstColumn: firstColumn, columns: columns,
                values: y + row * rowStride + firstColumn, stride: outputs)
            output.activate(line)
            then(line, row)
        }
    }

    private func floats(
        _ memory: UnsafeMutableRawPointer, after bytes: Int
    ) -> UnsafeMutablePointer<Float> {
        (memory + bytes).assumingMemoryBound(to: Float.self)
    }
}

extension ck_winograd_parts {
    /// - Parameter stride: 0 for one part.
    fileprivate init(
        input: UnsafePointer<Float>, stride: Int = 0, _ channels: Range<Int>
    ) {
        self.init(
            input: input, stride: stride, first: channels.lowerBound, end: channels.upperBound)
    }
}

extension ck_panel_range {
    init(_ panels: Range<Int>) {
        self.init(begin: panels.lowerBound, end: panels.upperBound)
    }
}

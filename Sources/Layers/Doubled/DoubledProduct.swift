internal import CKernels
internal import Tensors

/// A convolution 3×3 of int8 weights over a picture that nearest neighbour doubles, from the picture
/// as it is.
///
/// Four pixels of the doubled picture are one of the picture's, so each of the nine taps meets it once,
/// not four times, and each output sums the nine products that it sees:
///
///     y[2i] = P₀[i − 1] + P₁[i] + P₂[i]     y[2i + 1] = P₀[i] + P₁[i] + P₂[i + 1]
///
/// along each axis. A quarter of the multiply-adds are left, and nothing is rounded differently but the
/// sums. They have one order, so a pixel's bits do not depend on the tasks.
struct DoubledProduct {
    /// The same product over the picture as it is.
    private let product: WindowProduct
    private let output: ProductOutput
    /// The rows of output that are wanted.
    private let rows: Range<Int>
    private let plan: StripPlan

    /// nil for a product that is not of this kind.
    init?(_ product: WindowProduct) {
        guard let output = product.outputs.first, product.outputs.count == 1,
            output.matrix.isInt8, product.window == .same(kernel: 3),
            let seen = product.upsampled, let input = product.inputs.first?.shape,
            seen.height == 2 * input.height, seen.width == 2 * input.width,
            product.executor.winograd != .always
        else { return nil }
        rows = product.rows ?? 0..<seen.height
        self.output = output
        self.product = WindowProduct(
            inputs: product.inputs, window: product.window, prologue: product.prologue,
            rows: rows.isEmpty ? 0..<0 : rows.lowerBound / 2..<(rows.upperBound + 1) / 2,
            outputs: product.outputs, executor: product.executor)
        plan = StripPlan(
            self.product, format: RowFormat(for: output.matrix, on: product.executor))
    }

    func run() {
        let executor = product.executor
        let matrix = output.matrix
        precondition(matrix.channels == plan.layout.channels)
        executor.weights?.require([matrix.range])
        product.count(output, as: .doubled, rows: rows)
        let blocks = DoubledBlocks(
            matrix: matrix, width: plan.outputWidth, threads: executor.parallel.threads)
        let packed = executor.workspace.take(bytes: plan.packedBytes)
        let scratch = executor.scratch(
            bytesPerWorker: max(plan.gatherBytes * 3, blocks.scratchBytes))
        for slab in plan.slabs {
            let packer = StripPacker(
                product: product, plan: plan, slab: slab, memory: packed.pointer)
            packer.pack(on: executor, scratch: scratch)
            executor.parallel.run(tasks: blocks.count(in: slab)) { task, worker in
                run(
                    blocks[task, slab], packer: packer,
                    maps: DoubledMaps(blocks, memory: scratch.slice(worker: worker)))
            }
        }
    }

    /// Row by row of the picture: the taps' products of three rows are there at a time.
    private func run(_ block: DoubledBlocks.Block, packer: StripPacker, maps: DoubledMaps) {
        var maps = maps
        let multiply = { (tapRow: Int, row: Int, map: UnsafeMutablePointer<Float>) in
            self.multiply(tapRow, row: row, of: block, packer: packer, into: map)
        }
        multiply(0, block.rows.lowerBound - 1, maps.above)
        multiply(2, block.rows.lowerBound, maps.below)
        for row in block.rows {
            multiply(0, row, maps.nextAbove)
            multiply(1, row, maps.middle)
            multiply(2, row + 1, maps.nextBelow)
            finish(2 * row, of: block, maps, above: maps.above, below: maps.below)
            finish(2 * row + 1, of: block, maps, above: maps.nextAbove, below: maps.nextBelow)
            swap(&maps.above, &maps.nextAbove)
            swap(&maps.below, &maps.nextBelow)
        }
    }

    /// The products of the three taps of a row of the window with row `row` of the block and the pixel
    /// on either side: [3, pixels, columns].
    private func multiply(
        _ tapRow: Int, row: Int, of block: DoubledBlocks.Block, packer: StripPacker,
        into map: UnsafeMutablePointer<Float>
    ) {
        let strip = StripPlan.Strip(image: block.image, firstRow: row + 1, rowCount: 1)
        // Packed rows and pixels begin with the padding.
        let pixels = packer.rows(for: strip).dropFirst(block.pixels.lowerBound)
        for column in 0..<3 {
            let tap = 3 * tapRow + column
            output.matrix.multiply(
                pixels, count: block.pixels.count + 2, tap: tap, range: block.panels,
                bias: tap == 4 ? output.bias.pointer(image: block.image) : nil,
                into: map + column * block.mapStride - block.firstColumn, stride: block.columns)
        }
    }

    /// A row of output: sums down the window, then along it.
    private func finish(
        _ row: Int, of block: DoubledBlocks.Block, _ maps: DoubledMaps,
        above: UnsafeMutablePointer<Float>, below: UnsafeMutablePointer<Float>
    ) {
        guard rows.contains(row) else { return }
        let columns = block.columns
        let (left, middle) = (maps.sums, maps.sums + block.mapStride)
        let right = middle + block.mapStride
        ck_sum_of_three(3 * block.mapStride, above, maps.middle, below, maps.sums)
        let line = line(row, of: block, maps)
        for pixel in 0..<block.pixels.count {
            let y = line.values + 2 * pixel * line.stride
            let here = (pixel + 1) * columns
            ck_sum_of_three(
                columns, left + here - columns, middle + here, right + here, y)
            ck_sum_of_three(
                columns, left + here, middle + here, right + here + columns, y + line.stride)
        }
        output.activate(line)
        switch output.target {
        case .tensor(let tensor, let residual):
            residual?.apply(line, offset: line.values - tensor.pointer)
        case .rows(let target):
            target.take(line, row: row, pixel: 2 * block.pixels.lowerBound)
        }
    }

    /// Where a row of output is computed: where it belongs, or in the worker's memory.
    private func line(
        _ row: Int, of block: DoubledBlocks.Block, _ maps: DoubledMaps
    ) -> OutputBlock {
        let outputs = output.matrix.outputs
        let y =
            switch output.target {
            case .tensor(let tensor, _):
                tensor.pointer(image: block.image)
                    + (row * 2 * plan.outputWidth + 2 * block.pixels.lowerBound) * outputs
            case .rows: maps.line
            }
        return OutputBlock(
            rows: 2 * block.pixels.count, firstColumn: block.firstColumn, columns: block.columns,
            values: y + block.firstColumn, stride: outputs)
    }
}

internal import Tensors

/// Packs the input rows that a slab of output needs, padding included, into memory that all workers
/// share.
struct StripPacker {
    private let product: WindowProduct
    private let plan: StripPlan
    private let slab: StripPlan.Slab
    private let rows: PackedRows

    /// - Parameter memory: the plan's `packedBytes`.
    init(
        product: WindowProduct, plan: StripPlan, slab: StripPlan.Slab,
        memory: UnsafeMutableRawPointer
    ) {
        self.product = product
        self.plan = plan
        self.slab = slab
        rows = PackedRows(
            layout: plan.layout, capacity: plan.capacity, data: memory,
            scales: memory + plan.dataBytes)
    }

    /// Packs the whole slab.
    func pack(on executor: Executor, scratch: Scratch) {
        guard !isInPlace else { return }
        let count = plan.packedRows(slab.rows.count)
        let step = product.readsPoints ? plan.gatherPixels : 1
        let chunks = (count + step - 1) / step
        executor.parallel.run(tasks: slab.images.count * chunks) { task, worker in
            let image = task / chunks
            let first = task % chunks * step
            let target = image * plan.imagePixels + first * plan.stripWidth
            let gatherer = PixelGatherer(
                product: product, plan: plan, memory: scratch.slice(worker: worker))
            if product.readsPoints {
                packPoints(
                    gatherer, first: slab.rows.lowerBound + first, count: min(step, count - first),
                    image: slab.images.lowerBound + image, at: target)
            } else {
                let top = slab.rows.lowerBound * product.window.stride - product.window.before
                packPictureRow(
                    gatherer, top + first, image: slab.images.lowerBound + image, at: target)
            }
        }
    }

    /// The packed rows that a strip of the slab reads.
    func rows(for strip: StripPlan.Strip) -> PackedRows {
        if isInPlace {
            let start = product.inputs[0].pointer(image: strip.image, pixel: strip.firstRow)
            return PackedRows(layout: plan.layout, floats: start)
        }
        let image = strip.image - slab.images.lowerBound
        let row = (strip.firstRow - slab.rows.lowerBound) * product.window.stride
        return rows.dropFirst(image * plan.imagePixels + row * plan.stripWidth)
    }

    /// Float rows of a matrix product that need no change are multiplied where they stand.
    private var isInPlace: Bool {
        product.readsPoints && plan.layout.format == .f32 && product.inputs.count == 1
            && product.prologue.isNone && product.inputs[0].type == .f32
    }

    private func packPoints(
        _ gatherer: PixelGatherer, first: Int, count: Int, image: Int, at target: Int
    ) {
        let source = gatherer.gather(image: image, pixel: first, count: count)
        rows.pack(source, stride: plan.layout.channels, count: count, at: target)
    }

    /// Row `y` of the picture (which may lie in the padding), at packed pixel `target`.
    private func packPictureRow(
        _ gatherer: PixelGatherer, _ y: Int, image: Int, at target: Int
    ) {
        guard y >= 0 && y < plan.inputHeight else {
            rows.clear(count: plan.stripWidth, at: target)
            return
        }
        let before = product.window.before
        let count = min(plan.inputWidth, plan.stripWidth - before)
        rows.clear(count: before, at: target)
        for first in stride(from: 0, to: count, by: plan.gatherPixels) {
            packPixels(
                gatherer, y, first..<min(first + plan.gatherPixels, count), image: image,
                at: target + before + first)
        }
        rows.clear(count: plan.stripWidth - before - count, at: target + before + count)
    }

    /// Some pixels of row `y` as the window sees it; of a doubled one they begin with an even one.
    private func packPixels(
        _ gatherer: PixelGatherer, _ y: Int, _ pixels: Range<Int>, image: Int, at target: Int
    ) {
        let width = product.inputs[0].shape.width
        let source =
            product.upsampled == nil
            ? gatherer.gather(
                image: image, pixel: y * width + pixels.lowerBound, count: pixels.count)
            : gatherer.gatherDoubled(
                image: image, pixel: y / 2 * width + pixels.lowerBound / 2,
                count: (pixels.count + 1) / 2)
        rows.pack(source, stride: plan.layout.channels, count: pixels.count, at: target)
    }
}

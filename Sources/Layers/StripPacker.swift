internal import CKernels
internal import Tensors

/// Packs the input rows that a strip of output needs, padding included, into a worker's scratch memory.
struct StripPacker {
    private let product: WindowProduct
    private let plan: StripPlan
    private let rows: PackedRows
    private let gathered: UnsafeMutablePointer<Float>
    private let upsampled: UnsafeMutablePointer<Float>

    init(product: WindowProduct, plan: StripPlan, memory: UnsafeMutableRawPointer) {
        self.product = product
        self.plan = plan
        rows = PackedRows(
            layout: plan.layout, capacity: plan.packedPixels, data: memory,
            scales: memory + plan.dataBytes)
        let floats = memory + plan.dataBytes + plan.scaleBytes
        gathered = floats.assumingMemoryBound(to: Float.self)
        upsampled = (floats + plan.gatherBytes).assumingMemoryBound(to: Float.self)
    }

    func pack(_ strip: StripPlan.Strip) -> PackedRows {
        if product.readsPoints {
            return packPoints(strip)
        }
        let window = product.window
        let count = (strip.rowCount - 1) * window.stride + window.kernel
        let first = strip.firstRow * window.stride - window.before
        for row in 0..<max(count, 0) {
            packPictureRow(first + row, image: strip.image, at: row * plan.stripWidth)
        }
        return rows
    }

    /// Rows of a matrix product: float rows that need no change are multiplied where they stand.
    private func packPoints(_ strip: StripPlan.Strip) -> PackedRows {
        let input = product.inputs[0]
        if plan.layout.format == .f32, product.inputs.count == 1, product.prologue.isNone {
            let start = input.pointer(image: strip.image, pixel: strip.firstRow)
            return PackedRows(layout: plan.layout, floats: start)
        }
        var row = 0
        while row < strip.rowCount {
            let count = min(plan.gatherPixels, strip.rowCount - row)
            let source = gather(image: strip.image, pixel: strip.firstRow + row, count: count)
            rows.pack(source, stride: plan.layout.channels, count: count, at: row)
            row += count
        }
        return rows
    }

    /// Row `y` of the picture (which may lie in the padding), at packed pixel `target`.
    private func packPictureRow(_ y: Int, image: Int, at target: Int) {
        guard y >= 0 && y < plan.inputHeight else {
            rows.clear(count: plan.stripWidth, at: target)
            return
        }
        let before = product.window.before
        let count = min(plan.inputWidth, plan.stripWidth - before)
        let width = product.inputs[0].shape.width
        let channels = plan.layout.channels
        var source: UnsafePointer<Float>
        if product.upsampled != nil {
            source = gather(image: image, pixel: y / 2 * width, count: width)
            ck_upsample_nearest_2x(width, channels, source, upsampled)
            source = UnsafePointer(upsampled)
        } else {
            source = gather(image: image, pixel: y * width, count: width)
        }
        rows.clear(count: before, at: target)
        rows.pack(source, stride: channels, count: count, at: target + before)
        rows.clear(count: plan.stripWidth - before - count, at: target + before + count)
    }

    /// `count` pixels from `pixel` on, inputs side by side, the prologue applied.
    private func gather(image: Int, pixel: Int, count: Int) -> UnsafePointer<Float> {
        if product.inputs.count == 1, product.prologue.isNone, product.inputs[0].type == .f32 {
            return product.inputs[0].pointer(image: image, pixel: pixel)
                .assumingMemoryBound(to: Float.self)
        }
        var firstChannel = 0
        for input in product.inputs {
            let source = input.pointer(image: image, pixel: pixel)
            let channels = input.shape.channels
            let target = gathered + firstChannel
            switch (input.type, product.prologue.isNone) {
            case (.f32, _):
                product.prologue.apply(
                    image: image, firstChannel: firstChannel, channels: channels, count: count,
                    x: source.assumingMemoryBound(to: Float.self), into: target,
                    stride: plan.layout.channels)
            case (.f16, true):
                widen(source, count: count, channels: channels, into: target)
            case (.f16, false):
                // The memory of the upsampled row is not in use yet.
                ck_f32_from_f16(
                    count * channels, source.assumingMemoryBound(to: UInt16.self), upsampled)
                product.prologue.apply(
                    image: image, firstChannel: firstChannel, channels: channels, count: count,
                    x: upsampled, into: target, stride: plan.layout.channels)
            }
            firstChannel += channels
        }
        return UnsafePointer(gathered)
    }

    /// float16 pixels as float32 ones, their rows as wide as all inputs together.
    private func widen(
        _ source: UnsafeRawPointer, count: Int, channels: Int,
        into target: UnsafeMutablePointer<Float>
    ) {
        let x = source.assumingMemoryBound(to: UInt16.self)
        let stride = plan.layout.channels
        if channels == stride {
            ck_f32_from_f16(count * channels, x, target)
        } else {
            for row in 0..<count {
                ck_f32_from_f16(channels, x + row * channels, target + row * stride)
            }
        }
    }
}

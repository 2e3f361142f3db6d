internal import CKernels
internal import Tensors

/// Brings pixels of a product's inputs into a worker's memory as float32: inputs side by side, the
/// prologue applied.
struct PixelGatherer {
    private let product: WindowProduct
    private let plan: StripPlan
    private let gathered: UnsafeMutablePointer<Float>
    private let doubled: UnsafeMutablePointer<Float>

    /// - Parameter memory: three times the plan's `gatherBytes`.
    init(product: WindowProduct, plan: StripPlan, memory: UnsafeMutableRawPointer) {
        self.product = product
        self.plan = plan
        gathered = memory.assumingMemoryBound(to: Float.self)
        doubled = (memory + plan.gatherBytes).assumingMemoryBound(to: Float.self)
    }

    /// The same pixels, each twice.
    func gatherDoubled(image: Int, pixel: Int, count: Int) -> UnsafePointer<Float> {
        let source = gather(image: image, pixel: pixel, count: count)
        ck_upsample_nearest_2x(count, plan.layout.channels, source, doubled)
        return UnsafePointer(doubled)
    }

    /// `count` pixels from `pixel` on, inputs side by side, the prologue applied.
    func gather(image: Int, pixel: Int, count: Int) -> UnsafePointer<Float> {
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
                // The memory of the doubled row is not in use yet.
                ck_f32_from_f16(
                    count * channels, source.assumingMemoryBound(to: UInt16.self), doubled)
                product.prologue.apply(
                    image: image, firstChannel: firstChannel, channels: channels, count: count,
                    x: doubled, into: target, stride: plan.layout.channels)
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
            ck_f32_from_f16_rows(count, channels, x, channels, target, stride)
        }
    }
}

internal import CKernels
internal import Tensors

/// The inputs of a Winograd convolution that are transformed from where they stand: rows in float16 that
/// nothing is done to before. What is gathered instead takes its way through the caches twice.
struct StandingPixels {
    private let inputs: [RowStore]
    private let plan: WinogradPlan

    /// The kernels read whole vectors of channels.
    private static let vector = 16

    /// nil where pixels have to be gathered.
    init?(_ product: WindowProduct, plan: WinogradPlan) {
        guard product.prologue.isNone, product.upsampled == nil else { return nil }
        let inputs = product.inputs.compactMap { input -> RowStore? in
            guard case .rows(let store) = input, store.type == .f16,
                store.shape.channels % Self.vector == 0
            else { return nil }
            return store
        }
        guard inputs.count == product.inputs.count else { return nil }
        self.inputs = inputs
        self.plan = plan
    }

    /// Transforms a part of the channels for row `tileRow` of the block's tiles.
    func transform(
        _ channels: Range<Int>, of block: WinogradPlan.Block, tileRow: Int,
        into input: UnsafeMutablePointer<Float>
    ) {
        let top = block.top - 1 + tileRow * WinogradPlan.side
        var pixels: [ck_winograd_pixels] = []
        var first = 0
        for store in inputs {
            let own = (channels.lowerBound - first..<channels.upperBound - first)
                .clamped(to: 0..<store.shape.channels)
            if !own.isEmpty { pixels.append(.init(store, channels: own, from: top)) }
            first += store.shape.channels
        }
        ck_winograd_transform_pixels(
            block.geometry, tileRow, block.left, plan.width, pixels, pixels.count, input)
    }
}

extension ck_winograd_pixels {
    /// Some channels of the rows from `top` on, of which some may lie outside the picture.
    fileprivate init(_ store: RowStore, channels: Range<Int>, from top: Int) {
        func row(_ index: Int) -> UnsafePointer<UInt16>? {
            let y = top + index
            guard y >= 0, y < store.shape.height else { return nil }
            return UnsafePointer(
                store.pointer(row: y).assumingMemoryBound(to: UInt16.self) + channels.lowerBound)
        }
        self.init(
            row: (row(0), row(1), row(2), row(3), row(4), row(5)), stride: store.shape.channels,
            channels: channels.count)
    }
}

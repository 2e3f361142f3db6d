internal import CKernels
internal import Tensors

/// Where a product's rows go: into a store, what is added to them first, and the sums that a norm
/// wants of them gathered on the way.
struct RowTarget: @unchecked Sendable {
    // The store's and the sums' memory is written in disjoint parts.

    /// y = factor · y + x.
    struct Residual {
        let x: RowStore
        let factor: Float
    }

    let store: RowStore
    /// Added in this order.
    var residuals: [Residual] = []
    var sums: RowSums?

    /// Takes over `block`: columns of the whole rows of `strip`.
    func take(_ block: OutputBlock, from strip: StripPlan.Strip) {
        guard block.columns > 0 else { return }
        let width = store.shape.width
        for index in 0..<strip.rowCount {
            let row = strip.firstRow + index
            let line = OutputBlock(
                rows: width, firstColumn: block.firstColumn, columns: block.columns,
                values: block.values + index * width * block.stride, stride: block.stride)
            for residual in residuals { add(residual, row: row, to: line) }
            sums?.add(line, row: row)
            put(line, row: row)
        }
    }

    private func add(_ residual: Residual, row: Int, to line: OutputBlock) {
        let x = residual.x.pointer(row: row)
        line.forEachRun { offset, count in
            let from = offset + line.firstColumn
            let y = line.values + offset
            switch residual.x.type {
            case .f32:
                ck_scale_add(
                    count, x.assumingMemoryBound(to: Float.self) + from, residual.factor, y)
            case .f16:
                addHalves(
                    count, x.assumingMemoryBound(to: UInt16.self) + from, residual.factor, to: y)
            }
        }
    }

    private func addHalves(
        _ count: Int, _ x: UnsafePointer<UInt16>, _ factor: Float,
        to y: UnsafeMutablePointer<Float>
    ) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.piece) { wide in
            guard let base = wide.baseAddress else { return }
            for first in stride(from: 0, to: count, by: Self.piece) {
                let length = min(Self.piece, count - first)
                ck_f32_from_f16(length, x + first, base)
                ck_scale_add(length, base, factor, y + first)
            }
        }
    }

    /// Values that are widened at a time.
    private static let piece = 256

    private func put(_ line: OutputBlock, row: Int) {
        let target = store.pointer(row: row)
        line.forEachRun { offset, count in
            let to = offset + line.firstColumn
            switch store.type {
            case .f32:
                (target.assumingMemoryBound(to: Float.self) + to)
                    .update(from: line.values + offset, count: count)
            case .f16:
                ck_f16_from_f32(
                    count, line.values + offset, target.assumingMemoryBound(to: UInt16.self) + to)
            }
        }
    }
}

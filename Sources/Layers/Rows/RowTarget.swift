internal import CKernels
internal import Tensors

/// Where a product's rows go: into a store, after what is added to them.
struct RowTarget: @unchecked Sendable {
    // The store's memory is written in disjoint parts.

    /// y = factor · y + x.
    struct Residual {
        let x: RowStore
        let factor: Float
    }

    let store: RowStore
    /// Added in this order.
    let residuals: [Residual]
    /// Comes after them.
    let finish: Activation

    /// Takes over a block of whole rows from row `row` on.
    func take(_ block: OutputBlock, row: Int) {
        let width = store.shape.width
        for index in 0..<block.rows / width {
            let line = OutputBlock(
                rows: width, firstColumn: block.firstColumn, columns: block.columns,
                values: block.values + index * width * block.stride, stride: block.stride)
            take(line, row: row + index, pixel: 0)
        }
    }

    /// Takes over a part of row `row`, from pixel `pixel` on.
    func take(_ line: OutputBlock, row: Int, pixel: Int) {
        for residual in residuals {
            add(residual, at: residual.x.pointer(row: row, column: pixel), to: line)
        }
        finish.apply(line)
        put(line, at: store.pointer(row: row, column: pixel))
    }

    private func add(
        _ residual: Residual, at x: UnsafeRawPointer, to line: OutputBlock
    ) {
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

    private func put(_ line: OutputBlock, at target: UnsafeMutableRawPointer) {
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

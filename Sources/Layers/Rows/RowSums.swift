internal import CKernels
internal import Tensors

/// The sums that a group norm wants of a picture, gathered while its rows are computed.
///
/// Each row is summed by itself and the rows are added in order, so the sums have the same bits
/// however the rows come.
final class RowSums: @unchecked Sendable {
    // Tasks write disjoint channels of disjoint rows, and `finish` is called between the loops.
    private let channels: Int
    private let workspace: Workspace
    /// Σ x [channels] and Σ x² [channels] of all rows so far.
    private var totals: [Double]
    /// The same of each of `rows`.
    private var parts: Storage?
    private var rows = 0..<0

    init(channels: Int, in workspace: Workspace) {
        self.channels = channels
        self.workspace = workspace
        totals = Array(repeating: 0, count: 2 * channels)
    }

    /// Makes ready for these rows, the next ones of the picture.
    func begin(_ rows: Range<Int>) {
        self.rows = rows
        parts = workspace.take(bytes: rows.count * 2 * channels * MemoryLayout<Double>.stride)
    }

    /// Sums some channels of a row.
    func add(_ line: OutputBlock, row: Int) {
        let sum = sums(row) + line.firstColumn
        let square = sum + channels
        sum.update(repeating: 0, count: line.columns)
        square.update(repeating: 0, count: line.columns)
        ck_channel_sums(line.rows, line.columns, line.values, line.stride, sum, square)
    }

    /// Adds the rows that `begin` announced to the totals.
    func finish(on executor: Executor) {
        executor.parallel.run(tasks: 1) { _, _ in
            for row in rows {
                let part = sums(row)
                for index in totals.indices { totals[index] += part[index] }
            }
        }
        parts = nil
    }

    /// The sums of a picture whose rows are all there already, in float32.
    func add(_ store: RowStore, on executor: Executor) {
        let shape = store.shape
        begin(0..<shape.height)
        executor.parallel.run(tasks: shape.height) { row, _ in
            let values = store.pointer(row: row).assumingMemoryBound(to: Float.self)
            add(
                OutputBlock(
                    rows: shape.width, firstColumn: 0, columns: channels, values: values,
                    stride: channels), row: row)
        }
        finish(on: executor)
    }

    /// The coefficients of `norm` for the picture of `pixels` pixels that was summed.
    func coefficients(of norm: GroupNorm, pixels: Int, on executor: Executor) -> ScaleShift {
        let result = ScaleShift(images: 1, channels: channels, silu: true, in: executor.workspace)
        executor.parallel.run(tasks: 1) { _, _ in
            totals.withUnsafeMutableBufferPointer { totals in
                guard let base = totals.baseAddress else { return }
                norm.reduce(
                    base, chunks: 1, pixels: pixels, scale: result.scale(0), shift: result.shift(0))
            }
        }
        return result
    }

    private func sums(_ row: Int) -> UnsafeMutablePointer<Double> {
        guard let parts else { preconditionFailure("sums of a row that was not announced") }
        return parts.pointer.assumingMemoryBound(to: Double.self)
            + (row - rows.lowerBound) * 2 * channels
    }
}

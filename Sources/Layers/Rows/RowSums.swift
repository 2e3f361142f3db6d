internal import CKernels
internal import Tensors

/// The sums that a group norm wants of a picture, gathered while its rows are in the cache.
///
/// Each row is summed by itself and the rows are added in order, so the sums have the same bits
/// however the rows come.
final class RowSums {
    private let channels: Int
    /// Σ x [channels] and Σ x² [channels] of all rows so far.
    private let totals: Storage

    init(channels: Int, on executor: Executor) {
        self.channels = channels
        totals = executor.workspace.take(bytes: 2 * channels * MemoryLayout<Double>.stride)
        let totals = totals.doubles
        executor.parallel.run(tasks: 1) { _, _ in
            totals.update(repeating: 0, count: 2 * channels)
        }
    }

    /// Adds the next rows of a picture.
    func add(_ rows: Range<Int>, of store: RowStore, on executor: Executor) {
        let length = 2 * channels
        let parts = executor.workspace.take(
            bytes: rows.count * length * MemoryLayout<Double>.stride)
        let sums = parts.doubles
        let scratch = executor.scratch(
            bytesPerWorker: store.shape.width * channels * MemoryLayout<Float>.stride)
        executor.parallel.run(tasks: rows.count) { task, worker in
            let wide = scratch.slice(worker: worker).assumingMemoryBound(to: Float.self)
            let part = sums + task * length
            part.update(repeating: 0, count: length)
            ck_channel_sums(
                store.shape.width, channels,
                store.floats(row: rows.lowerBound + task, widened: wide), channels, part,
                part + channels)
        }
        let totals = totals.doubles
        executor.parallel.run(tasks: 1) { _, _ in
            for row in rows.indices {
                let part = sums + (row - rows.lowerBound) * length
                for index in 0..<length { totals[index] += part[index] }
            }
        }
    }

    /// The coefficients of `norm` for the picture of `pixels` pixels that was summed.
    func coefficients(of norm: GroupNorm, pixels: Int, on executor: Executor) -> ScaleShift {
        let result = ScaleShift(images: 1, channels: channels, silu: true, in: executor.workspace)
        let totals = totals.doubles
        executor.parallel.run(tasks: 1) { _, _ in
            norm.reduce(
                totals, chunks: 1, pixels: pixels, scale: result.scale(0), shift: result.shift(0))
        }
        return result
    }
}

extension Storage {
    fileprivate var doubles: UnsafeMutablePointer<Double> {
        pointer.assumingMemoryBound(to: Double.self)
    }
}

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
    /// That are widened at a time, so that they stay in the first-level cache.
    private static let pixels = 32

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
            bytesPerWorker: Self.pixels * channels * MemoryLayout<Float>.stride)
        executor.parallel.run(tasks: rows.count) { task, worker in
            let wide = scratch.slice(worker: worker).assumingMemoryBound(to: Float.self)
            let part = sums + task * length
            part.update(repeating: 0, count: length)
            let row = rows.lowerBound + task
            for first in stride(from: 0, to: store.shape.width, by: Self.pixels) {
                let pixels = first..<min(first + Self.pixels, store.shape.width)
                ck_channel_sums(
                    pixels.count, channels,
                    store.floats(row: row, pixels, widened: wide), channels, part,
                    part + channels)
            }
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

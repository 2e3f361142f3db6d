internal import Synchronization

/// The kinds of multiply-adds, each of which has a speed of its own on a processor.
package enum WorkKind: CaseIterable, Sendable {
    /// int8 weights with quantised activations.
    case int8
    /// float16 or float32 weights.
    case float
    /// 3×3 convolutions by Winograd's algorithm, counted as the direct sum's: four times those done.
    case winograd
    /// 3×3 convolutions of doubled pictures, counted as the direct sum's: four times those done.
    case doubled
    /// Queries with keys, and weights with values, in float32.
    case attention
    /// The same in integers.
    case attentionIntegers
}

/// Counts multiply-adds by their kinds, in a rehearsal as in a run.
package final class WorkCounter: Sendable {
    private let work = Mutex(Work())

    package init() {}

    /// - Parameters:
    ///   - elements: that are read and written around the multiply-adds: packed, normalised, quantised,
    ///     activated, stored.
    package func add(_ kind: WorkKind, _ multiplyAdds: Int, elements: Int) {
        work.withLock { work in
            work.elements += elements
            work.multiplyAdds[kind, default: 0] += multiplyAdds
        }
    }

    /// What was counted so far.
    package var total: Work { work.withLock { $0 } }
}

/// Work that was counted.
package struct Work: Sendable {
    package var multiplyAdds: [WorkKind: Int] = [:]
    /// What goes into products and comes out of them.
    package var elements = 0

    package init() {}

    /// The work of one of so many equal runs.
    package func divided(by runs: Int) -> Work {
        var work = self
        work.elements /= runs
        work.multiplyAdds = multiplyAdds.mapValues { $0 / runs }
        return work
    }
}

internal import Synchronization
internal import Tensors

/// Writes down what a rehearsal's layers would read, layer by layer.
package final class WeightRecord: WeightSource {
    private let ranges = Mutex<[[Range<Int>]]>([])

    package init() {}

    package func require(_ ranges: [Range<Int>]) {
        self.ranges.withLock { $0.append(ranges) }
    }

    /// The order of reading so far.
    package var order: [[Range<Int>]] { ranges.withLock { $0 } }
}

/// How much of a picture a net computes at a time, and how much it may keep meanwhile: the result has
/// the same bytes whatever the tiling, only time and memory differ.
package struct Tiling: Sendable, Equatable {
    /// Rows of the result that are computed at a time, and as many pixels of the pictures on the way;
    /// nil for what fits and is fast.
    package var rows: Int?
    /// Bytes of activations to stay within if that is possible at all; the less, the more is computed
    /// again and again.
    package var budget: Int

    package init(rows: Int? = nil, budget: Int) {
        precondition(rows.map { $0 > 0 } ?? true)
        self.rows = rows
        self.budget = budget
    }

    /// Room to decode 512×512 pixels without computing anything twice.
    package static let standard = Tiling(budget: 280_000_000)
    /// The least memory, whatever the time.
    package static let smallest = Tiling(budget: 0)

    /// The same, within `bytes` at the most.
    package func within(_ bytes: Int) -> Tiling {
        Tiling(rows: rows, budget: min(budget, bytes))
    }

    /// Pixels at a time to choose among, for a result `width` pixels wide.
    package func candidates(width: Int) -> [Int] {
        if let rows { return [rows * width] }
        return [32768, 16384, 8192, 4096, 2048]
    }
}

/// Which bytes of one stretch of addresses are lent.
///
/// The smallest gap that is large enough serves, and what comes back is joined with the gaps beside it.
/// So the same blocks, lent and taken back in the same order, always lie at the same places.
struct Arena {
    let capacity: Int
    /// From here on nothing was ever lent, since `shrink`.
    private(set) var end = 0
    /// Below `end`, in order; no two touch each other.
    private(set) var gaps: [Range<Int>] = []

    init(capacity: Int) { self.capacity = capacity }

    /// Whether nothing is lent.
    var isFree: Bool { gaps.reduce(0) { $0 + $1.count } == end }

    /// Lends so many bytes, 1 or more; nil if they do not fit.
    mutating func take(_ bytes: Int) -> Range<Int>? {
        let fitting = gaps.indices.filter { gaps[$0].count >= bytes }
        guard let best = fitting.min(by: { gaps[$0].count < gaps[$1].count }) else {
            return takeAtEnd(bytes)
        }
        let gap = gaps[best]
        let block = gap.lowerBound..<gap.lowerBound + bytes
        if block.upperBound == gap.upperBound {
            gaps.remove(at: best)
        } else {
            gaps[best] = block.upperBound..<gap.upperBound
        }
        return block
    }

    private mutating func takeAtEnd(_ bytes: Int) -> Range<Int>? {
        let last = gaps.last.flatMap { $0.upperBound == end ? $0 : nil }
        let start = last?.lowerBound ?? end
        guard bytes <= capacity - start else { return nil }
        if last != nil { gaps.removeLast() }
        end = start + bytes
        return start..<end
    }

    /// Takes a block back that it lent.
    mutating func giveBack(_ block: Range<Int>) {
        var low = 0
        var high = gaps.count
        while low < high {
            let middle = (low + high) / 2
            if gaps[middle].lowerBound < block.lowerBound {
                low = middle + 1
            } else {
                high = middle
            }
        }
        let joinsBefore = low > 0 && gaps[low - 1].upperBound == block.lowerBound
        let joinsAfter = low < gaps.count && gaps[low].lowerBound == block.upperBound
        let start = joinsBefore ? gaps[low - 1].lowerBound : block.lowerBound
        let end = joinsAfter ? gaps[low].upperBound : block.upperBound
        gaps.replaceSubrange(
            low - (joinsBefore ? 1 : 0)..<low + (joinsAfter ? 1 : 0), with: [start..<end])
    }

    /// Forgets that anything behind the last block was ever lent.
    mutating func shrink() {
        guard let last = gaps.last, last.upperBound == end else { return }
        end = last.lowerBound
        gaps.removeLast()
    }
}

/// A word while its symbols are joined.
///
/// The symbols form a list in two directions; the pairs that could be joined wait in a heap, lowest
/// rank first, then leftmost. So a word of n bytes takes n log n steps.
struct BytePairWord {
    private struct Symbol {
        var id: Int32
        /// The index of the symbol before, or −1.
        var previous: Int
        /// The index of the symbol behind, or −1.
        var next: Int
        let source: Int32
        /// False once it has been joined to the one before.
        var isAlive = true
    }

    private var symbols: [Symbol] = []
    private var candidates = MinimumHeap()

    /// Replaces the word by the bytes of `text`.
    mutating func load(
        _ text: ArraySlice<TracedScalar>, _ byteIDs: [Int32], _ finalByteIDs: [Int32]
    ) {
        symbols.removeAll(keepingCapacity: true)
        var last: UInt8 = 0
        for traced in text {
            for byte in traced.scalar.utf8 {
                let index = symbols.count
                symbols.append(
                    Symbol(
                        id: byteIDs[Int(byte)], previous: index - 1, next: index + 1,
                        source: traced.source))
                last = byte
            }
        }
        guard !symbols.isEmpty else { return }
        symbols[symbols.count - 1].next = -1
        symbols[symbols.count - 1].id = finalByteIDs[Int(last)]
    }

    /// Joins pairs until no merge fits.
    mutating func merge(_ ranks: [UInt64: Int32], _ mergedIDs: [Int32]) {
        for index in symbols.indices { propose(index, ranks) }
        while let candidate = candidates.removeLowest() {
            let index = Int(candidate & 0xFFFF_FFFF)
            let mergedID = mergedIDs[Int(candidate >> 32)]
            let symbol = symbols[index]
            // The pair may have changed while the candidate waited.
            guard symbol.isAlive, symbol.next >= 0,
                let rank = ranks[pairKey(symbol.id, symbols[symbol.next].id)],
                mergedIDs[Int(rank)] == mergedID
            else { continue }
            join(index, as: mergedID)
            if symbol.previous >= 0 { propose(symbol.previous, ranks) }
            propose(index, ranks)
        }
    }

    /// Appends what is left.
    func appendTokens(to tokens: inout [Token]) {
        for symbol in symbols where symbol.isAlive {
            tokens.append(Token(id: symbol.id, source: symbol.source))
        }
    }

    private mutating func propose(_ index: Int, _ ranks: [UInt64: Int32]) {
        let symbol = symbols[index]
        guard symbol.next >= 0, let rank = ranks[pairKey(symbol.id, symbols[symbol.next].id)]
        else { return }
        candidates.insert(UInt64(rank) << 32 | UInt64(index))
    }

    private mutating func join(_ index: Int, as id: Int32) {
        let next = symbols[index].next
        symbols[next].isAlive = false
        symbols[index].id = id
        symbols[index].next = symbols[next].next
        if symbols[next].next >= 0 { symbols[symbols[next].next].previous = index }
    }
}

/// Numbers of which the lowest comes out first.
private struct MinimumHeap {
    private var items: [UInt64] = []

    mutating func insert(_ item: UInt64) {
        var index = items.count
        items.append(item)
        while index > 0, items[(index - 1) / 2] > item {
            items[index] = items[(index - 1) / 2]
            index = (index - 1) / 2
        }
        items[index] = item
    }

    mutating func removeLowest() -> UInt64? {
        guard let lowest = items.first, let last = items.popLast() else { return nil }
        guard !items.isEmpty else { return lowest }
        var index = 0
        while true {
            var child = 2 * index + 1
            guard child < items.count else { break }
            if child + 1 < items.count, items[child + 1] < items[child] { child += 1 }
            guard items[child] < last else { break }
            items[index] = items[child]
            index = child
        }
        items[index] = last
        return lowest
    }
}

/// Tokens and their ids, looked up by UTF-8 bytes.
///
/// A hash table with open addressing over one buffer: a prompt asks it for many short slices of a
/// word, which a dictionary could not take without copying. Bytes, since canonically equivalent
/// strings are different tokens.
struct Vocabulary {
    /// The file it came from, for messages.
    let path: String
    /// The bytes of the longest token.
    private(set) var longest = 0
    private var bytes: [UInt8] = []
    /// Where each entry ends in `bytes`; it begins where the one before ends.
    private var ends: [Int] = [0]
    private var ids: [Int32] = []
    /// Entries + 1; 0 is free. A power of two, more than twice the entries.
    private var slots: [Int32]

    /// An empty vocabulary with room for `capacity` tokens.
    init(path: String, capacity: Int) {
        self.path = path
        var size = 16
        while size <= 2 * capacity { size *= 2 }
        slots = [Int32](repeating: 0, count: size)
        ids.reserveCapacity(capacity)
        ends.reserveCapacity(capacity + 1)
    }

    /// The number of tokens.
    var count: Int { ids.count }

    /// Adds a token; false, and no change, if it is there. Beyond the capacity it traps.
    mutating func insert(_ token: some Collection<UInt8>, id: Int32) -> Bool {
        precondition(2 * count < slots.count, "a vocabulary has more tokens than announced")
        let start = bytes.count
        bytes += token
        let slot = slot(of: bytes, in: start..<bytes.count)
        guard slots[slot] == 0 else {
            bytes.removeSubrange(start...)
            return false
        }
        ids.append(id)
        ends.append(bytes.count)
        slots[slot] = Int32(ids.count)
        longest = max(longest, bytes.count - start)
        return true
    }

    /// The id of the token that is `key[range]`.
    func id(of key: [UInt8], in range: Range<Int>) -> Int32? {
        let entry = slots[slot(of: key, in: range)]
        return entry == 0 ? nil : ids[Int(entry) - 1]
    }

    /// The id of a token.
    func id(of token: String) -> Int32? {
        let key = Array(token.utf8)
        return id(of: key, in: 0..<key.count)
    }

    /// The slot that holds `key[range]`, or the free one where it would be.
    private func slot(of key: [UInt8], in range: Range<Int>) -> Int {
        var slot = Int(truncatingIfNeeded: hash(key, range)) & (slots.count - 1)
        while slots[slot] != 0, !holds(Int(slots[slot]) - 1, key, range) {
            slot = (slot + 1) & (slots.count - 1)
        }
        return slot
    }

    private func holds(_ entry: Int, _ key: [UInt8], _ range: Range<Int>) -> Bool {
        let start = ends[entry]
        guard ends[entry + 1] - start == range.count else { return false }
        for index in range where bytes[start + index - range.lowerBound] != key[index] {
            return false
        }
        return true
    }

    /// FNV-1a, its high bits folded in.
    private func hash(_ key: [UInt8], _ range: Range<Int>) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in range { hash = (hash ^ UInt64(key[index])) &* 0x100_0000_01b3 }
        return hash ^ hash >> 32
    }
}

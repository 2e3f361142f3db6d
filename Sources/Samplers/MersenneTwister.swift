/// The 32-bit Mersenne Twister MT19937, seeded by one integer.
///
/// Reads the low 32 bits of a 64-bit seed, as torch's generator does.
/// - Source: Matsumoto & Nishimura, ACM TOMACS 8 (1998) 3; seeded as in their 2002 version.
struct MersenneTwister: Equatable, Sendable {
    /// Words of state: n of the recurrence.
    static let wordCount = 624
    /// Distance of the word that is mixed in: m of the recurrence.
    private static let mixDistance = 397

    private(set) var words: [UInt32]
    private(set) var position: Int

    init(seed: UInt64) {
        var words = [UInt32(truncatingIfNeeded: seed)]
        words.reserveCapacity(Self.wordCount)
        for index in 1..<Self.wordCount {
            let last = words[index - 1]
            words.append(1_812_433_253 &* (last ^ (last >> 30)) &+ UInt32(index))
        }
        self.words = words
        self.position = Self.wordCount
    }

    /// Resumes from words and a position that `words` and `position` gave; nil where they cannot
    /// have come from there.
    init?(words: [UInt32], position: Int) {
        guard words.count == Self.wordCount, (0...Self.wordCount).contains(position) else {
            return nil
        }
        self.words = words
        self.position = position
    }

    /// The next 32 bits.
    mutating func next() -> UInt32 {
        if position == Self.wordCount {
            twist()
        }
        var word = words[position]
        position += 1
        word ^= word >> 11
        word ^= (word << 7) & 0x9d2c_5680
        word ^= (word << 15) & 0xefc6_0000
        return word ^ (word >> 18)
    }

    private mutating func twist() {
        let count = Self.wordCount
        for index in 0..<count {
            let following = words[(index + 1) % count]
            let joined = (words[index] & 0x8000_0000) | (following & 0x7fff_ffff)
            let mixed = words[(index + Self.mixDistance) % count] ^ (joined >> 1)
            words[index] = following & 1 == 0 ? mixed : mixed ^ 0x9908_b0df
        }
        position = 0
    }
}

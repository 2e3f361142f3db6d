// The noise of torch's CPU generator: `torch.randn` in float32 after `torch.manual_seed`, so that a
// seed gives the picture that diffusers gives. Reads downward: the source, its saved state, the
// vector path (16 numbers and more), the scalar path (fewer).

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Normally distributed numbers, equal to those of torch's CPU generator.
///
/// Equal bit for bit to torch on x86 with AVX2 or AVX-512 in draws of 16 numbers and more; shorter
/// draws go through the C library's double functions, which may round the last bit otherwise.
/// - Source: torch 2.13 `torch.randn(..., generator=torch.Generator().manual_seed(seed))`.
package struct TorchRandomSource: Equatable, Sendable {
    private var twister: MersenneTwister
    /// The second half of a scalar Box–Muller pair. It outlives the draw that made it and waits for
    /// the next short one; long draws neither use nor discard it.
    private var pendingNormal: Double?

    /// A generator after `torch.manual_seed(seed)`; torch reads the low 32 bits only.
    package init(seed: UInt64) {
        twister = MersenneTwister(seed: seed)
    }

    /// The next `count` numbers, mean 0 and variance 1; `count` is not negative (trap).
    ///
    /// One call is one `torch.randn` of a tensor with that many elements, in memory order: two
    /// draws of 32 are not one of 64.
    package mutating func normal(count: Int) -> [Float] {
        precondition(count >= 0, "a draw of \(count) numbers")
        return count < Self.blockSize ? shortDraw(count) : longDraw(count)
    }
}

extension TorchRandomSource {
    /// All that a generator remembers, in plain values, to be written down and taken up again.
    package struct State: Equatable, Sendable {
        /// The 624 words of the Mersenne Twister.
        package var words: [UInt32]
        /// How many of the words have been used, 0…624.
        package var position: Int
        /// The bits of the half pair that waits for the next short draw.
        package var pendingNormalBits: UInt64?

        /// A state from its parts, as read back from where they were kept.
        package init(words: [UInt32], position: Int, pendingNormalBits: UInt64?) {
            self.words = words
            self.position = position
            self.pendingNormalBits = pendingNormalBits
        }
    }

    /// What the generator remembers now.
    package var state: State {
        State(
            words: twister.words, position: twister.position,
            pendingNormalBits: pendingNormal?.bitPattern)
    }

    /// Continues from a saved state; nil where it is none (words missing, position out of range).
    package init?(state: State) {
        guard let twister = MersenneTwister(words: state.words, position: state.position) else {
            return nil
        }
        self.twister = twister
        pendingNormal = state.pendingNormalBits.map(Double.init(bitPattern:))
    }
}

extension TorchRandomSource {
    private static let blockSize = 16

    /// Uniform numbers first, then Box–Muller over blocks of 16; where the last block is short, the
    /// last 16 numbers are drawn anew, over those already there.
    private mutating func longDraw(_ count: Int) -> [Float] {
        var numbers: [Float] = []
        numbers.reserveCapacity(count)
        for _ in 0..<count {
            numbers.append(uniform())
        }
        var start = 0
        while start + Self.blockSize <= count {
            Self.transformBlock(&numbers, at: start)
            start += Self.blockSize
        }
        if start < count {
            start = count - Self.blockSize
            for index in start..<count {
                numbers[index] = uniform()
            }
            Self.transformBlock(&numbers, at: start)
        }
        return numbers
    }

    /// Box–Muller on 16 uniform numbers in [0, 1): the first eight give radii, the others angles.
    private static func transformBlock(_ numbers: inout [Float], at start: Int) {
        let half = blockSize / 2
        // Float.pi is rounded down, not to nearest.
        let twoPi: Float = 6.283_185_307_179_586
        for index in start..<(start + half) {
            let radius = (-2 * cephesLogarithm(1 - numbers[index])).squareRoot()
            let angle = cephesSineCosine(twoPi * numbers[index + half])
            // Adding the mean, zero, makes -0 into 0, as torch has it.
            numbers[index] = radius * angle.cosine + 0
            numbers[index + half] = radius * angle.sine + 0
        }
    }

    /// One of 2²⁴ equally spaced numbers in [0, 1).
    private mutating func uniform() -> Float {
        Float(twister.next() & 0x00ff_ffff) * 0x1p-24
    }
}

extension TorchRandomSource {
    private mutating func shortDraw(_ count: Int) -> [Float] {
        var numbers: [Float] = []
        numbers.reserveCapacity(count)
        for _ in 0..<count {
            numbers.append(Float(nextNormal()))
        }
        return numbers
    }

    /// One number by Box–Muller in double precision; the other of the pair waits.
    private mutating func nextNormal() -> Double {
        if let waiting = pendingNormal {
            pendingNormal = nil
            return waiting
        }
        let first = uniformDouble()
        let second = uniformDouble()
        let radius = (-2 * log1p(-second)).squareRoot()
        let angle = 2 * Double.pi * first
        pendingNormal = radius * sin(angle)
        return radius * cos(angle)
    }

    /// One of 2⁵³ equally spaced numbers in [0, 1).
    private mutating func uniformDouble() -> Double {
        let high = UInt64(twister.next())
        let low = UInt64(twister.next())
        return Double((high << 32 | low) & 0x001f_ffff_ffff_ffff) * 0x1p-53
    }
}

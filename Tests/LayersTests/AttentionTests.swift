import Layers
import Tensors
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Attention without its projections, against the definition, within the kernel's bound.
@Suite struct AttentionTests {
    /// Two images, two heads.
    struct Case: CustomTestStringConvertible, Sendable {
        let queries: Int
        let keys: Int
        let dimension: Int
        var causal = false
        /// The keys that a bias hides.
        var hidden: Range<Int>?
        var testDescription: String {
            "\(queries) queries, \(keys) keys, \(dimension) channels" + (causal ? ", causal" : "")
                + (hidden.map { ", keys \($0) hidden" } ?? "")
        }
    }

    static let cases =
        [(1, 1, 1), (1, 77, 40), (7, 3, 5), (60, 17, 8), (61, 61, 16), (127, 131, 24)].map {
            Case(queries: $0, keys: $1, dimension: $2)
        }
        + [(1, 8), (32, 8), (61, 5), (127, 64)].map {
            Case(queries: $0, keys: $0, dimension: $1, causal: true)
        } + [
            Case(queries: 9, keys: 13, dimension: 8, hidden: 7..<13),
            Case(queries: 13, keys: 13, dimension: 8, causal: true, hidden: 3..<5),
        ]

    private static let heads = 2

    @Test(arguments: cases) func attentionMatchesItsDefinition(_ test: Case) throws {
        let executor = try Arithmetic.f32.executor()
        let channels = Self.heads * test.dimension
        func tensor(_ tokens: Int, seed: UInt64) -> Tensor {
            Tensor(
                random: Shape(images: 2, tokens: tokens, channels: channels), seed: seed,
                on: executor)
        }
        let (q, k, v) = (
            tensor(test.queries, seed: 1), tensor(test.keys, seed: 2), tensor(test.keys, seed: 3)
        )
        let bias = test.hidden.map { hidden in
            (0..<test.keys).map { hidden.contains($0) ? -Float.infinity : 0.25 }
        }
        let product = AttentionProduct(
            heads: Self.heads, headDimension: test.dimension, causal: test.causal)
        let packed = product.pack(keys: k, values: v, on: executor)
        let given = q.values
        let found = product(over: q, packed, keyBias: bias, on: executor)
        let expected = definition(test, given, k.values, v.values)
        #expect(expected.firstMiss(of: found.values) == nil)
    }

    /// Rounding to 8 bits leaves errors of 0.2 % of the largest number in queries, keys and values, half
    /// of that in the weights: some 1 % of the result; 12 bits leave a sixteenth of that. A wrong head,
    /// image or scale leaves 100 %.
    @Test(
        arguments: cases.filter { !$0.causal && $0.hidden == nil },
        [(AttentionPrecision.q8, 0.03), (.q16, 0.002)])
    func roundedAttentionIsNearItsDefinition(
        _ test: Case, rounding: (AttentionPrecision, error: Double)
    ) throws {
        try InstructionSet.selectFromEnvironment()
        let executor = Executor(threads: 2, attention: rounding.0)
        let channels = Self.heads * test.dimension
        let tensors = [test.queries, test.keys, test.keys].enumerated().map { seed, tokens in
            Tensor(
                random: Shape(images: 2, tokens: tokens, channels: channels), seed: UInt64(seed),
                on: executor)
        }
        let expected = definition(test, tensors[0].values, tensors[1].values, tensors[2].values)
        let product = AttentionProduct(
            heads: Self.heads, headDimension: test.dimension, causal: false, mayQuantize: true)
        let packed = product.pack(keys: tensors[1], values: tensors[2], on: executor)
        let found = product(over: tensors[0], packed, on: executor).values
        let errors = zip(found, expected.values).map { Double($0) - $1 }
        let energy = { (x: [Double]) in x.reduce(0) { $0 + $1 * $1 } }
        #expect(energy(errors) <= rounding.error * rounding.error * energy(expected.values))
    }

    private func definition(_ test: Case, _ q: [Float], _ k: [Float], _ v: [Float]) -> Estimate {
        let width = test.dimension
        let channels = Self.heads * width
        var result = Estimate()
        for row in 0..<2 * test.queries * Self.heads {
            let (token, head) = (row / Self.heads, row % Self.heads)
            let query = q[row * width..<(row + 1) * width]
            let places = test.visibleKeys(of: token % test.queries).map { key in
                (token / test.queries * test.keys + key) * channels + head * width
            }
            let scores = places.map { Score(query, k[$0..<$0 + width]) }
            let top = scores.map(\.value).max() ?? 0
            let weights = scores.map { exp($0.value - top) }
            let total = weights.reduce(0, +)
            let largest = scores.map(\.magnitude).max() ?? 0
            for channel in 0..<width {
                let values = places.map { Double(v[$0 + channel]) }
                let sum = zip(weights, values).reduce(0) { $0 + $1.0 * $1.1 }
                let bound = values.map(abs).max() ?? 0
                result.values.append(sum / total)
                // The promise of attention.h.
                result.tolerances.append(0x1p-23 * bound * (8 + 4 * largest))
            }
        }
        return result
    }

    /// q·k/√D, and the same of absolute values.
    private struct Score {
        let value: Double
        let magnitude: Double

        init(_ query: ArraySlice<Float>, _ key: ArraySlice<Float>) {
            let parts = zip(query, key).map { Double($0) * Double($1) }
            let scale = 1 / Double(parts.count).squareRoot()
            value = parts.reduce(0, +) * scale
            magnitude = parts.reduce(0) { $0 + abs($1) } * scale
        }
    }
}

extension AttentionTests.Case {
    fileprivate func visibleKeys(of query: Int) -> [Int] {
        (0..<keys).filter { key in
            !(hidden?.contains(key) ?? false) && (!causal || key <= query)
        }
    }
}

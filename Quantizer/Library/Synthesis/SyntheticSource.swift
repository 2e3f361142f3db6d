import WeightStore

/// Weights out of a seed: normal with variance 1 / inputs for matrices, so that activations neither
/// grow nor fade; 0.02 for embeddings, ones for norms, zeros for biases.
///
/// Each tensor has its own stream, seeded by its name: its numbers depend on nothing else.
final class SyntheticSource: CheckpointSource {
    let path: String
    let tensors: [CheckpointTensor]
    let files: [String] = []

    private let expected: [String: ExpectedTensor]
    private let seed: UInt64

    init(_ list: ExpectedTensors, name: String, seed: UInt64) {
        path = name
        tensors = list.tensors.map { tensor in
            CheckpointTensor(name: tensor.name, type: .f32, shape: tensor.shape)
        }
        expected = Dictionary(
            list.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.seed = seed
    }

    func read(_ name: String) throws(QuantizerError) -> [Float] {
        guard let tensor = expected[name] else {
            throw .missingTensor(path: path, name: name, shape: [])
        }
        switch tensor.role {
        case .vector:
            let value: Float = name.hasSuffix(".bias") ? 0 : 1
            return [Float](repeating: value, count: tensor.count)
        case .table: return normal(tensor, deviation: 0.02)
        case .matrix:
            let inputs = tensor.shape.dropFirst().reduce(1, *)
            return normal(tensor, deviation: 1 / Float(inputs).squareRoot())
        }
    }

    /// Numbers that are normal but for the far tails: sums of four uniform ones, which reach 3.46
    /// deviations and cost a tenth of exact ones.
    private func normal(_ tensor: ExpectedTensor, deviation: Float) -> [Float] {
        var random = SplitMix64(state: seed ^ hash(path + "." + tensor.name))
        // A sum of four 16-bit numbers has mean 4 · 32767.5 and variance 4 · (2³² − 1) / 12.
        let scale = deviation / (Float(UInt32.max) / 3).squareRoot()
        var numbers = [Float](repeating: 0, count: tensor.count)
        numbers.withUnsafeMutableBufferPointer { numbers in
            var index = 0
            while index < numbers.count {
                let bits = random.next()
                let low = (bits & 0xFFFF) &+ ((bits &>> 16) & 0xFFFF)
                let high = ((bits &>> 32) & 0xFFFF) &+ (bits &>> 48)
                numbers[index] = (Float(Int32(truncatingIfNeeded: low &+ high)) - 131_070) * scale
                index &+= 1
            }
        }
        return numbers
    }
}

/// A small fast generator.
/// - Source: S. Vigna's splitmix64, after Steele, Lea & Flood, OOPSLA 2014.
private struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z &>> 31)
    }
}

/// FNV-1a, 64 bits.
private func hash(_ text: String) -> UInt64 {
    var value: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return value
}

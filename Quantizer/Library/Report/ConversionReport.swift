import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What became of one tensor.
package struct TensorReport: Sendable {
    /// The stage's name.
    package let stage: String
    /// Upstream's name.
    package let name: String
    /// The true shape.
    package let shape: [Int]
    /// How it is stored.
    package let type: WeightType
    /// Bytes in the checkpoint and in the bundle.
    package let bytesBefore: Int
    package let bytesAfter: Int
    /// 10 · log₁₀(Σw² / Σ(w − stored)²) in decibels; infinite when nothing was lost.
    package let signalToNoise: Double

    init(
        stage: Stage, tensor: ExpectedTensor, type: WeightType, fidelity: Fidelity
    ) throws(QuantizerError) {
        self.stage = stage.kind.rawValue
        name = tensor.name
        shape = tensor.shape
        self.type = type
        bytesBefore = tensor.count * (try stage.original(tensor)).type.size
        bytesAfter = try readingFile { () throws(WeightError) in
            var sum = 0
            for entry in tensor.planned(as: type) {
                sum += try entry.layout.storedByteCount(type: entry.type, shape: entry.trueShape)
            }
            return sum
        }
        signalToNoise =
            fidelity.noise > 0 ? 10 * log10(fidelity.signal / fidelity.noise) : .infinity
    }
}

/// What became of a checkpoint.
package struct ConversionReport: Sendable {
    /// The model's name.
    package let name: String
    /// The type that was asked for.
    package let type: WeightType
    /// All tensors in the order of the files.
    package internal(set) var tensors: [TensorReport] = []

    init(name: String, type: WeightType) {
        self.name = name
        self.type = type
    }
}

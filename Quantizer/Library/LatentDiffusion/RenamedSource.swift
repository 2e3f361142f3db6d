import WeightStore

/// Some of a checkpoint's tensors under other names.
final class RenamedSource: CheckpointSource {
    /// Where a tensor stands in the checkpoint.
    struct Origin {
        let tensor: CheckpointTensor
        /// The part of its first extent; nil for all.
        var rows: Range<Int>?
        /// That its numbers are multiplied by.
        var factor: Float = 1
        /// Whether it is a matrix whose rows and columns change places; such a one is taken whole.
        var isTransposed = false
        /// Its shape, where it has another of as many numbers.
        var shape: [Int]?

        fileprivate var newShape: [Int] {
            if let shape { return shape }
            if isTransposed { return tensor.shape.reversed() }
            guard let rows else { return tensor.shape }
            return [rows.count] + tensor.shape.dropFirst()
        }
    }

    let tensors: [CheckpointTensor]
    var path: String { source.path }
    var files: [String] { source.files }
    private let source: any CheckpointSource
    private let origins: [String: Origin]

    init(_ source: any CheckpointSource, _ origins: [String: Origin]) {
        self.source = source
        self.origins = origins
        tensors = origins.map { name, origin in
            CheckpointTensor(name: name, type: origin.tensor.type, shape: origin.newShape)
        }.sorted { $0.name < $1.name }
    }

    func read(_ name: String) throws(QuantizerError) -> [Float] {
        guard let origin = origins[name] else {
            throw .missingTensor(path: path, name: name, shape: [])
        }
        var numbers = try source.read(origin.tensor.name)
        if origin.factor != 1 { numbers = numbers.map { $0 * origin.factor } }
        if origin.isTransposed, let columns = origin.tensor.shape.last {
            return transposed(numbers, columns: columns)
        }
        guard let rows = origin.rows, let all = origin.tensor.shape.first else { return numbers }
        // The reader gives as many numbers as the shape promises.
        let row = numbers.count / max(all, 1)
        return Array(numbers[rows.lowerBound * row..<rows.upperBound * row])
    }
}

/// [rows, columns] → [columns, rows].
private func transposed(_ numbers: [Float], columns: Int) -> [Float] {
    guard columns > 0 else { return numbers }
    let rows = numbers.count / columns
    return (0..<rows * columns).map { numbers[$0 % rows * columns + $0 / rows] }
}

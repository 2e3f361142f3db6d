package import WeightStore

/// Hands a model its weights by upstream name, shape-checked, and knows at the end which were never asked for.
package final class WeightReader {
    private let file: WeightFile
    private let adapters: [Adapter]
    private let hasInt8: Bool
    private var used: Set<String> = []

    /// A LoRA for the network that is read.
    package struct Adapter {
        fileprivate let reader: WeightReader
        fileprivate let scale: Float

        /// - Parameter scale: of what it adds.
        package init(_ file: WeightFile, scale: Float) {
            reader = WeightReader(file)
            self.scale = scale
        }
    }

    package init(_ file: WeightFile, adapters: [Adapter] = []) {
        self.file = file
        self.adapters = adapters
        hasInt8 = file.tensors.contains { $0.type == .i8 }
    }

    /// True when the file holds `name`.
    package func contains(_ name: String) -> Bool { file.contains(name) }

    /// A matrix [outputs, channels] or convolution [outputs, channels, kernel, kernel] in panels.
    ///
    /// A 1×1 convolution and a matrix are the same panels, so either stored shape serves for `kernel` 1.
    /// - Parameter seesPictures: it has so many rows to multiply that rounding both factors pays.
    package func matrix(
        _ name: String, outputs: Int, channels: Int, kernel: Int = 1, seesPictures: Bool = false
    ) throws -> Matrix {
        let stored = try take(name)
        let square = [outputs, channels, kernel, kernel]
        let shapes = kernel == 1 ? [[outputs, channels], square] : [square]
        guard shapes.contains(stored.shape) else {
            throw unsuitable(stored, expected: "shape \(shapes[0])")
        }
        return try Matrix(
            stored, scale: try scale(of: stored, outputs: outputs), kernel: kernel,
            besideInt8: hasInt8 && seesPictures,
            unsuitable: { expected in self.unsuitable(stored, expected: expected) })
    }

    /// What the adapters add to layer `name`, in their order.
    func lowRanks(
        _ name: String, outputs: Int, channels: Int, kernel: Int = 1
    ) throws -> [LowRank] {
        try adapters.compactMap { adapter in
            let reader = adapter.reader
            let (down, up) = (name + ".lora_down.weight", name + ".lora_up.weight")
            guard reader.contains(down) else { return nil }
            let shape = try reader.file.tensor(down).shape
            let rank = shape.first ?? 0
            guard shape.dropFirst().prefix(1) == [channels],
                try reader.file.tensor(up).shape.first == outputs
            else {
                throw LayerError.foreignLoRA(
                    file: reader.file.path, layer: name,
                    problem: "is of another shape there than [\(outputs), \(channels)]")
            }
            return LowRank(
                down: try reader.matrix(down, outputs: rank, channels: channels, kernel: kernel),
                up: try reader.matrix(up, outputs: outputs, channels: rank), scale: adapter.scale)
        }
    }

    /// A vector of `count` float32 values, readable up to the next multiple of 16.
    package func vector(_ name: String, count: Int) throws -> Vector {
        let stored = try take(name)
        guard stored.shape == [count], stored.type == .f32 else {
            throw unsuitable(stored, expected: "F32 [\(count)]")
        }
        return Vector(stored, count: count)
    }

    /// The vector, or nil when the file does not hold it.
    package func optionalVector(_ name: String, count: Int) throws -> Vector? {
        contains(name) ? try vector(name, count: count) : nil
    }

    /// A table of row-major rows [rows, channels], float32 or float16.
    package func table(_ name: String, rows: Int, channels: Int) throws -> EmbeddingTable {
        let stored = try take(name)
        guard stored.shape == [rows, channels], stored.type == .f32 || stored.type == .f16,
            stored.layout == .plain || stored.layout == .padded
        else { throw unsuitable(stored, expected: "F32 or F16 rows [\(rows), \(channels)]") }
        return EmbeddingTable(stored, rows: rows, channels: channels)
    }

    /// Ends the reading: throws if the file holds tensors that nobody asked for.
    package func finish() throws {
        let left = file.names.filter { !used.contains($0) }
        guard left.isEmpty else { throw LayerError.unexpected(file: file.path, tensors: left) }
        for reader in adapters.map(\.reader) {
            guard let stranger = reader.file.names.first(where: { !reader.used.contains($0) })
            else { continue }
            throw LayerError.foreignLoRA(
                file: reader.file.path, layer: stranger, problem: "is unknown to this one")
        }
    }

    private func take(_ name: String) throws -> StoredTensor {
        used.insert(name)
        return try file.tensor(name)
    }

    private func scale(of stored: StoredTensor, outputs: Int) throws -> Vector? {
        guard stored.type == .i8 else { return nil }
        return try vector(stored.name + "_scale", count: outputs)
    }

    private func unsuitable(_ stored: StoredTensor, expected: String) -> LayerError {
        .unsuitable(
            file: file.path, tensor: stored.name, expected: expected,
            found: "\(stored.type.rawValue) \(stored.shape) (\(stored.layout.rawValue))")
    }
}

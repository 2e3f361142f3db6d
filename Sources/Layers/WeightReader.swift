package import WeightStore

/// Hands a model its weights by upstream name, shape-checked, and knows at the end which were never asked for.
package final class WeightReader {
    private let file: WeightFile
    private var used: Set<String> = []

    package init(_ file: WeightFile) { self.file = file }

    /// True when the file holds `name`.
    package func contains(_ name: String) -> Bool { file.contains(name) }

    /// A matrix [outputs, channels] or convolution [outputs, channels, kernel, kernel] in panels.
    ///
    /// A 1×1 convolution and a matrix are the same panels, so either stored shape serves for `kernel` 1.
    package func matrix(
        _ name: String, outputs: Int, channels: Int, kernel: Int = 1
    ) throws -> Matrix {
        let stored = try take(name)
        let square = [outputs, channels, kernel, kernel]
        let shapes = kernel == 1 ? [[outputs, channels], square] : [square]
        guard shapes.contains(stored.shape) else {
            throw unsuitable(stored, expected: "shape \(shapes[0])")
        }
        return try Matrix(
            stored, scale: try scale(of: stored, outputs: outputs), kernel: kernel,
            unsuitable: { expected in self.unsuitable(stored, expected: expected) })
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

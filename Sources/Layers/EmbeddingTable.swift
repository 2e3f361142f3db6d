internal import CKernels
internal import WeightStore
package import Tensors

/// A table of rows that token ids or positions pick from.
package struct EmbeddingTable: @unchecked Sendable {
    package let rows: Int
    package let channels: Int
    private let type: DataType
    private let pointer: UnsafeRawPointer
    private let owner: MappedFile
    /// Tables whose rows come after these.
    private var more: [EmbeddingTable] = []

    init(_ stored: StoredTensor, rows: Int, channels: Int) {
        self.rows = rows
        self.channels = channels
        type = stored.type
        pointer = stored.pointer
        owner = stored.owner
    }

    /// Adds rows of the same width (trap otherwise): the first has the id `rows`, or comes after those added
    /// before.
    package mutating func append(_ table: EmbeddingTable) {
        precondition(table.channels == channels && table.more.isEmpty)
        more.append(table)
    }

    /// Rows picked by id, one sequence an image: [N, T] → [N, T, C].
    ///
    /// All sequences are equally long, each id is that of a row (trap otherwise).
    package func callAsFunction(_ sequences: [[Int32]], on executor: Executor) -> Tensor {
        let tokens = sequences.first?.count ?? 0
        let result = executor.tensor(
            Shape(images: sequences.count, tokens: tokens, channels: channels))
        executor.parallel.run(tasks: sequences.count) { image, _ in
            precondition(sequences[image].count == tokens)
            for (token, id) in sequences[image].enumerated() {
                copy(row: Int(id), to: result.pointer(image: image) + token * channels)
            }
        }
        return result
    }

    private func copy(row: Int, to target: UnsafeMutablePointer<Float>) {
        guard row < rows else {
            copy(addedRow: row - rows, to: target)
            return
        }
        precondition(row >= 0)
        if type == .f16 {
            let source = pointer.assumingMemoryBound(to: UInt16.self) + row * channels
            ck_f32_from_f16(channels, source, target)
        } else {
            let source = pointer.assumingMemoryBound(to: Float.self) + row * channels
            target.update(from: source, count: channels)
        }
    }

    private func copy(addedRow row: Int, to target: UnsafeMutablePointer<Float>) {
        var row = row
        for table in more {
            if row < table.rows { return table.copy(row: row, to: target) }
            row -= table.rows
        }
        preconditionFailure("no table has row \(row)")
    }
}

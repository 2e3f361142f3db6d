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

    init(_ stored: StoredTensor, rows: Int, channels: Int) {
        self.rows = rows
        self.channels = channels
        type = stored.type
        pointer = stored.pointer
        owner = stored.owner
    }

    /// Rows picked by id, one sequence an image: [N, T] → [N, T, C].
    ///
    /// All sequences are equally long, each id is below `rows` (trap otherwise).
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
        precondition(row >= 0 && row < rows)
        if type == .f16 {
            let source = pointer.assumingMemoryBound(to: UInt16.self) + row * channels
            ck_f32_from_f16(channels, source, target)
        } else {
            let source = pointer.assumingMemoryBound(to: Float.self) + row * channels
            target.update(from: source, count: channels)
        }
    }
}

internal import CKernels
package import Tensors

/// How activations are stored between two layers.
package enum RowType: Sendable {
    case f32
    /// IEEE binary16: finer than the 12 bits that int8 weights meet, at half of float32's bytes.
    case f16

    var bytes: Int { self == .f32 ? 4 : 2 }
}

/// A picture of which only some rows exist: they come when a layer is about to compute them, from
/// the top to the bottom, and go when no layer will read them again.
///
/// Rows live in blocks of equal bytes, so what one store gives back serves the next one at once.
package final class RowStore: @unchecked Sendable {
    // Threads write disjoint pixels of rows that were reserved before they began.

    /// Of the whole picture; one image.
    package let shape: Shape
    package let type: RowType
    /// The rows that exist.
    package private(set) var rows = 0..<0

    private let rowsPerBlock: Int
    private let bytesPerBlock: Int
    private var blocks: [Storage?]
    /// Of the first row in its block.
    private let offset: Int
    /// Where blocks come from; nil for a store whose rows were all there from the beginning.
    private let workspace: Workspace?

    /// A picture without rows as yet.
    /// - Parameter isWhole: all rows will be there at once, so that large blocks waste least.
    init(_ shape: Shape, type: RowType, isWhole: Bool, in workspace: Workspace) {
        precondition(shape.images == 1)
        self.shape = shape
        self.type = type
        self.workspace = workspace
        bytesPerBlock = Self.bytesPerBlock(shape, type: type, isWhole: isWhole)
        rowsPerBlock = Self.rowsPerBlock(shape, type: type, isWhole: isWhole)
        blocks = Array(repeating: nil, count: (shape.height + rowsPerBlock - 1) / rowsPerBlock)
        offset = 0
    }

    /// All rows of one image of `tensor`, where they stand.
    package init(_ tensor: Tensor, image: Int = 0) {
        var shape = tensor.shape
        shape.images = 1
        self.shape = shape
        type = .f32
        rows = 0..<shape.height
        rowsPerBlock = max(shape.height, 1)
        bytesPerBlock = tensor.storage.bytes
        blocks = [tensor.storage]
        offset = image * shape.count * type.bytes
        workspace = nil
    }

    /// Makes room for the rows before `end` that do not exist yet.
    func reserve(before end: Int) {
        precondition(end <= shape.height)
        guard end > rows.upperBound else { return }
        for block in rows.upperBound / rowsPerBlock...(end - 1) / rowsPerBlock
        where blocks[block] == nil {
            blocks[block] = workspace?.take(bytes: bytesPerBlock)
        }
        rows = rows.lowerBound..<end
    }

    /// Lets the rows before `end` go, block by block.
    func discard(before end: Int) {
        let end = min(max(end, rows.lowerBound), rows.upperBound)
        let whole = end == shape.height ? blocks.count : end / rowsPerBlock
        for block in rows.lowerBound / rowsPerBlock..<max(whole, rows.lowerBound / rowsPerBlock) {
            blocks[block] = nil
        }
        rows = end..<rows.upperBound
    }

    /// False in a rehearsal: the rows only count.
    var isThere: Bool { blocks.allSatisfy { $0?.isThere ?? true } }

    var bytesPerRow: Int { shape.width * bytesPerPixel }
    var bytesPerPixel: Int { shape.channels * type.bytes }

    /// Pixel `column` of row `row`, which must exist.
    func pointer(row: Int, column: Int = 0) -> UnsafeMutableRawPointer {
        assert(rows.contains(row))
        guard let block = blocks[row / rowsPerBlock] else { preconditionFailure("a row is gone") }
        return block.pointer + offset + row % rowsPerBlock * bytesPerRow + column * bytesPerPixel
    }

    /// Pixels of row `row` in float32: where they stand, or in `memory`.
    func floats(
        row: Int, _ pixels: Range<Int>, widened memory: UnsafeMutablePointer<Float>
    ) -> UnsafePointer<Float> {
        let x = pointer(row: row, column: pixels.lowerBound)
        switch type {
        case .f32: return UnsafePointer(x.assumingMemoryBound(to: Float.self))
        case .f16:
            ck_f32_from_f16(
                pixels.count * shape.channels, x.assumingMemoryBound(to: UInt16.self), memory)
            return UnsafePointer(memory)
        }
    }

    /// The most bytes that `rows` rows take, lying anyhow in their blocks.
    static func bytes(rows: Int, of shape: Shape, type: RowType, isWhole: Bool) -> Int {
        guard rows > 0 else { return 0 }
        let perBlock = rowsPerBlock(shape, type: type, isWhole: isWhole)
        let all = (shape.height + perBlock - 1) / perBlock
        return min((rows + perBlock - 2) / perBlock + 1, all)
            * bytesPerBlock(shape, type: type, isWhole: isWhole)
    }

    private static func rowsPerBlock(_ shape: Shape, type: RowType, isWhole: Bool) -> Int {
        bytesPerBlock(shape, type: type, isWhole: isWhole) / bytesPerRow(shape, type: type)
    }

    /// The same for most pictures; what a single row needs, if that is more.
    private static func bytesPerBlock(_ shape: Shape, type: RowType, isWhole: Bool) -> Int {
        let usual = isWhole ? 1 << 20 : 256 << 10
        let row = bytesPerRow(shape, type: type)
        return min(max(usual, row), shape.height * row)
    }

    private static func bytesPerRow(_ shape: Shape, type: RowType) -> Int {
        shape.width * shape.channels * type.bytes
    }
}

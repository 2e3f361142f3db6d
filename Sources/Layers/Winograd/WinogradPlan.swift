internal import CKernels
internal import Tensors

/// How a Winograd convolution is cut into tasks: rectangles of tiles of one image, and shares of the
/// panels where there are too few of them to keep every thread busy.
struct WinogradPlan {
    /// One task: output pixels from (`top`, `left`) on, multiples of the tile's side.
    struct Block {
        let image: Int
        let top: Int
        let left: Int
        let geometry: ck_winograd_block
        let panels: Range<Int>

        /// Input columns that the tiles read: they begin one to the left of the output.
        var inputColumns: Int { geometry.tile_columns * WinogradPlan.side + 2 }
    }

    static let side = WinogradUse.side
    /// Places of a tile's transformed matrix.
    private static let places = (side + 2) * (side + 2)

    /// Channels that are gathered and transformed at a time.
    let part: Int
    let channels: Int
    let height: Int
    let width: Int
    /// The rows of output that are computed.
    private let rows: Range<Int>
    private let largest: ck_winograd_block
    private let images: Int
    private let across: Int
    private let down: Int
    private let shares: Int
    private let panelCount: Int
    /// Channels of an output whose rows may lie apart: it is computed in a worker's memory.
    private let apart: Int

    // Tiles share each weight's transform; their sums and a part of their input stay in the
    // second-level cache.
    private static let tilesPerBlock = 72
    private static let tilesAcross = 12
    /// The most for the transformed input of a block, for each thread.
    private static let inputBytes = 8 << 20
    private static let tasksPerThread = 3
    /// Panels whose sums are kept at a time, what a share is a multiple of, and the fewest panels that
    /// are worth transforming a block's input for.
    private static let panelsPerRun = 8
    private static let panelsPerGroup = 4
    private static let panelsPerShare = 16

    init(_ product: WindowProduct, matrix: Matrix) {
        let shape = product.inputs[0].shape
        channels = matrix.channels
        height = product.upsampled?.height ?? shape.height
        width = product.upsampled?.width ?? shape.width
        rows = product.rows ?? 0..<height
        precondition(
            rows.lowerBound % Self.side == 0
                && (rows.upperBound % Self.side == 0 || rows.upperBound == height))
        apart = product.rows == nil ? 0 : matrix.outputs
        images = shape.images
        panelCount = matrix.panelCount

        let operands = product.executor.winogradOperands.kernels
        part = ck_winograd_part_channels(operands)
        let tileBytes = channels * Self.places * ck_winograd_operand_bytes(operands)
        let tiles = min(Self.tilesPerBlock, max(Self.inputBytes / tileBytes, 1))
        let tileRows = (rows.count + Self.side - 1) / Self.side
        let tileColumns = (width + Self.side - 1) / Self.side
        let columns = Self.evenPart(of: tileColumns, atMost: min(Self.tilesAcross, tiles))
        let tall = Self.evenPart(of: tileRows, atMost: max(tiles / columns, 1))
        across = (tileColumns + columns - 1) / columns
        down = (tileRows + tall - 1) / tall
        largest = ck_winograd_block(
            tile_rows: tall, tile_columns: columns, height: tall * Self.side,
            width: columns * Self.side, operands: operands)

        shares = Self.shares(
            blocks: images * across * down, panels: panelCount,
            threads: product.executor.parallel.threads)
    }

    /// Enough tasks for every thread, as many for one as for another where that is possible.
    private static func shares(blocks: Int, panels: Int, threads: Int) -> Int {
        guard threads > 1 else { return 1 }
        let enough = (threads * tasksPerThread + blocks - 1) / blocks
        let most = max(min(enough, panels / panelsPerShare), 1)
        return (1...most).last { blocks * $0 % threads == 0 } ?? most
    }

    /// The longest of the fewest parts, all about equal, that `count` can be cut into.
    private static func evenPart(of count: Int, atMost most: Int) -> Int {
        let parts = (count + most - 1) / most
        return (count + parts - 1) / parts
    }

    var tasks: Int { images * across * down * shares }

    func block(_ task: Int) -> Block {
        let share = task % shares
        let place = task / shares
        let top = rows.lowerBound + place / across % down * Int(largest.height)
        let left = place % across * Int(largest.width)
        var geometry = largest
        geometry.height = min(geometry.height, rows.upperBound - top)
        geometry.width = min(geometry.width, width - left)
        geometry.tile_rows = (geometry.height + Self.side - 1) / Self.side
        geometry.tile_columns = (geometry.width + Self.side - 1) / Self.side
        let groups = (panelCount + Self.panelsPerGroup - 1) / Self.panelsPerGroup
        let first = groups * share / shares * Self.panelsPerGroup
        let end = groups * (share + 1) / shares * Self.panelsPerGroup
        return Block(
            image: place / across / down, top: top, left: left, geometry: geometry,
            panels: first..<min(end, panelCount))
    }

    /// The panels of a block, run by run.
    func runs(_ block: Block) -> [Range<Int>] {
        stride(from: block.panels.lowerBound, to: block.panels.upperBound, by: Self.panelsPerRun)
            .map { $0..<min($0 + Self.panelsPerRun, block.panels.upperBound) }
    }

    /// The parts of the channels.
    var parts: [Range<Int>] {
        stride(from: 0, to: channels, by: part).map { $0..<min($0 + part, channels) }
    }

    /// Floats of a part's transformed input in a worker's memory. A block of one run needs each part
    /// once, and all take the same place.
    var partStride: Int { isOneRun ? 0 : ck_winograd_input_size(largest) }
    var isOneRun: Bool { panelCount <= Self.panelsPerRun }

    /// Bytes of a worker's memory: the transformed input, what the product works in, the gathered
    /// pixels of a row of tiles, a row of pixels that wait to be doubled, and a row of tiles of output.
    var inputBytes: Int {
        bytes(ck_winograd_input_size(largest) * (isOneRun ? 1 : parts.count))
    }
    var productBytes: Int { bytes(ck_winograd_scratch_size(largest, Self.panelsPerRun)) }
    var gatherBytes: Int { bytes((Self.side + 2) * rowPixels * part) }
    private var narrowBytes: Int { bytes(rowPixels * part) }
    /// Where the output begins.
    var packedBytes: Int { inputBytes + productBytes + gatherBytes + narrowBytes }
    var scratchBytes: Int { packedBytes + bytes(Self.side * largest.width * apart) }

    private var rowPixels: Int { largest.tile_columns * Self.side + 2 }

    private func bytes(_ floats: Int) -> Int {
        (floats * MemoryLayout<Float>.stride).roundedUp(to: 64)
    }
}

extension ProductOperands {
    fileprivate var kernels: ck_winograd_operands {
        switch self {
        case .float32: CK_WINOGRAD_F32
        case .int16: CK_WINOGRAD_INT16
        }
    }
}

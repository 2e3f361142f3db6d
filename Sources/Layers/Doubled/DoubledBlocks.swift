internal import CKernels
internal import Tensors

/// How a convolution over a doubled picture is cut into tasks: a tile's panels, some pixels of a row,
/// and a run of rows.
struct DoubledBlocks {
    /// One task; rows and pixels are the picture's as it is.
    struct Block {
        let image: Int
        let rows: Range<Int>
        let pixels: Range<Int>
        let panels: Range<Int>
        let firstColumn: Int
        let columns: Int

        /// Floats of a tap's products: one pixel more on either side.
        var mapStride: Int { (pixels.count + 2) * columns }
    }

    private let matrix: Matrix
    private let width: Int
    private let pixels: Int
    private let across: Int
    private let threads: Int

    // The products of a block stay in the second-level cache, and tiles enough share the arranging of
    // their weights.
    private static let pixelsPerBlock = 128
    private static let tasksPerThread = 4

    init(matrix: Matrix, width: Int, threads: Int) {
        self.matrix = matrix
        self.width = width
        self.threads = threads
        across = max((width + Self.pixelsPerBlock - 1) / Self.pixelsPerBlock, 1)
        pixels = (width + across - 1) / across
    }

    private var tiles: Int {
        (matrix.panelCount + matrix.panelsPerTile - 1) / matrix.panelsPerTile
    }

    /// Runs of rows: the first products of a run are computed for it alone.
    private func runs(in slab: StripPlan.Slab) -> Int {
        guard threads > 1 else { return 1 }
        let others = tiles * across * slab.images.count
        let wanted = (threads * Self.tasksPerThread + others - 1) / others
        return max(min(wanted, slab.rows.count / 2), 1)
    }

    func count(in slab: StripPlan.Slab) -> Int {
        tiles * runs(in: slab) * across * slab.images.count
    }

    /// Blocks of the same panels follow each other.
    subscript(_ task: Int, _ slab: StripPlan.Slab) -> Block {
        let runs = runs(in: slab)
        let column = task % across
        let run = task / across % runs
        let image = task / (across * runs) % slab.images.count
        let tile = task / (across * runs * slab.images.count)
        let first = slab.rows.lowerBound
        let panel = tile * matrix.panelsPerTile
        let panels = panel..<min(panel + matrix.panelsPerTile, matrix.panelCount)
        let firstColumn = panel * matrix.panelWidth
        return Block(
            image: slab.images.lowerBound + image,
            rows: first + slab.rows.count * run / runs..<first + slab.rows.count * (run + 1) / runs,
            pixels: min(column * pixels, width)..<min((column + 1) * pixels, width),
            panels: panels, firstColumn: firstColumn,
            columns: min(panels.count * matrix.panelWidth, matrix.outputs - firstColumn))
    }

    /// Floats of three taps' products of the largest block.
    fileprivate var mapSize: Int {
        3 * (pixels + 2) * min(matrix.panelsPerTile * matrix.panelWidth, matrix.outputs)
    }

    var scratchBytes: Int {
        (DoubledMaps.count * mapSize + 2 * pixels * matrix.outputs) * MemoryLayout<Float>.stride
    }
}

/// What a worker keeps of the taps' products while it goes down the rows of a block.
struct DoubledMaps {
    static let count = 6

    /// Of the window's first row with the picture's row above, and with this one.
    var above: UnsafeMutablePointer<Float>
    var nextAbove: UnsafeMutablePointer<Float>
    let middle: UnsafeMutablePointer<Float>
    /// Of the window's last row with the picture's row, and with the one below.
    var below: UnsafeMutablePointer<Float>
    var nextBelow: UnsafeMutablePointer<Float>
    /// Summed down the window.
    let sums: UnsafeMutablePointer<Float>
    /// A row of output.
    let line: UnsafeMutablePointer<Float>

    /// - Parameter memory: as many bytes as the blocks say.
    init(_ blocks: DoubledBlocks, memory: UnsafeMutableRawPointer) {
        let floats = memory.assumingMemoryBound(to: Float.self)
        let map = { floats + $0 * blocks.mapSize }
        above = map(0)
        nextAbove = map(1)
        middle = map(2)
        below = map(3)
        nextBelow = map(4)
        sums = map(5)
        line = map(Self.count)
    }
}

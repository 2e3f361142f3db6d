internal import Tensors

/// How a product is cut: into slabs, whose input is packed once; a slab's output into strips of rows;
/// and each matrix into parts of its panels.
///
/// Tasks of one part follow each other, so that its weights stay in a worker's cache while all strips
/// of the slab pass by, those of both halves of a guided batch too.
struct StripPlan {
    /// Rows of output of some images: whole images, or a run of rows of one.
    struct Slab {
        let images: Range<Int>
        let rows: Range<Int>
    }

    /// Rows of output of one image, one task's.
    struct Strip {
        let image: Int
        let firstRow: Int
        let rowCount: Int
    }

    let layout: RowLayout
    /// The input's height and width as the window sees them (upsampled, without padding).
    let inputHeight: Int
    let inputWidth: Int
    let outputWidth: Int
    /// Packed pixels in a row of a slab, padding included.
    let stripWidth: Int
    /// Pixels that are gathered and packed at a time, an even number.
    let gatherPixels: Int
    let slabs: [Slab]
    private let rowsPerStrip: Int
    private let window: Window
    private let largestMatrix: Int

    // A slab's packed rows stay in the last cache; a strip has rows enough to reuse each panel, and
    // a part's weights stay in the second-level cache.
    private static let slabBytes = 2 << 20
    private static let fewestSlabRows = 6
    private static let pixelsPerStrip = 512
    // Of a picture that exists row by row, whose strips need memory of their own.
    private static let pixelsPerStripOfRows = 256
    private static let partBytes = 384 << 10
    // So many gathered floats of a picture stay near the processor until they are packed.
    private static let gatherBytes = 64 << 10
    private static let gatherPoints = 32
    // At the end a thread waits for another's last task: half of one, on average.
    private static let tasksPerThread = 8

    init(_ product: WindowProduct, format: RowFormat) {
        let shape = product.inputs[0].shape
        window = product.window
        layout = RowLayout(product.inputs.map(\.shape.channels), format: format)
        if product.readsPoints {
            // Pixels are independent: any run of them is a strip one pixel wide.
            inputHeight = shape.pixels
            inputWidth = 1
        } else {
            inputHeight = product.upsampled?.height ?? shape.height
            inputWidth = product.upsampled?.width ?? shape.width
        }
        let pixelBytes = layout.channels * MemoryLayout<Float>.stride
        gatherPixels =
            product.readsPoints
            ? Self.gatherPoints
            : min(max(Self.gatherBytes / max(pixelBytes, 1), 16), shape.width).roundedUp(to: 2)
        let rows = product.rows ?? 0..<window.output(inputHeight)
        outputWidth = window.output(inputWidth)
        stripWidth = (outputWidth - 1) * window.stride + window.kernel
        let pixels = product.rows == nil ? Self.pixelsPerStrip : Self.pixelsPerStripOfRows
        rowsPerStrip = Self.even(rows.count, atMost: max(pixels / outputWidth, 1))
        let rowBytes = max(stripWidth * layout.bytesPerRow * window.stride, 1)
        let most = max(Self.slabBytes / rowBytes, Self.fewestSlabRows, rowsPerStrip)
        slabs = Self.slabs(images: shape.images, rows: rows, most: most)
        largestMatrix = product.rows == nil ? 0 : product.outputs.map(\.matrix.outputs).max() ?? 0
    }

    /// The longest of the fewest parts, all about equal, that `count` can be cut into.
    private static func even(_ count: Int, atMost most: Int) -> Int {
        guard count > most else { return count }
        let parts = (count + most - 1) / most
        return (count + parts - 1) / parts
    }

    private static func slabs(images: Int, rows: Range<Int>, most: Int) -> [Slab] {
        guard !rows.isEmpty else { return [] }
        let together = most / rows.count
        if together > 0 {
            return stride(from: 0, to: images, by: together).map { first in
                Slab(images: first..<min(first + together, images), rows: rows)
            }
        }
        let step = even(rows.count, atMost: most)
        return (0..<images).flatMap { image in
            stride(from: rows.lowerBound, to: rows.upperBound, by: step).map { first in
                Slab(
                    images: image..<image + 1, rows: first..<min(first + step, rows.upperBound))
            }
        }
    }

    // MARK: - Tasks

    /// The strips of a slab, one after the other.
    func strips(of slab: Slab) -> [Strip] {
        slab.images.flatMap { image in
            stride(from: slab.rows.lowerBound, to: slab.rows.upperBound, by: rowsPerStrip).map {
                Strip(
                    image: image, firstRow: $0,
                    rowCount: min(rowsPerStrip, slab.rows.upperBound - $0))
            }
        }
    }

    /// The parts of a matrix's panels: small enough for the cache, and enough of them to keep every
    /// thread busy with so many strips.
    func parts(of matrix: Matrix, strips: Int, threads: Int) -> [Range<Int>] {
        let unit = matrix.panelsPerTile
        let units = (matrix.panelCount + unit - 1) / unit
        let affordable = max(Self.partBytes / max(matrix.bytesPerPanel * unit, 1), 1)
        let wanted = threads == 1 ? 1 : threads * Self.tasksPerThread
        let parts = max((units + affordable - 1) / affordable, min(wanted / strips, units), 1)
        return (0..<parts).map { part in
            let first = units * part / parts * unit
            return first..<min(units * (part + 1) / parts * unit, matrix.panelCount)
        }
    }

    /// The tasks of so many parts and strips, in the order that they are shared out in. Each thread's run
    /// of them has strips of its own, whose input it has packed, and takes them part by part.
    func order(parts: Int, strips: Int, threads: Int) -> [(part: Int, strip: Int)] {
        (0..<threads).flatMap { thread in
            let own = strips * thread / threads..<strips * (thread + 1) / threads
            return (0..<parts).flatMap { part in own.map { (part, $0) } }
        }
    }

    // MARK: - Memory

    /// Packed rows of input that so many rows of output read.
    func packedRows(_ rows: Int) -> Int { max((rows - 1) * window.stride + window.kernel, 0) }

    /// Packed pixels of one image of the largest slab, and of all its images.
    var imagePixels: Int { packedRows(slabs.first?.rows.count ?? 0) * stripWidth }
    private var slabPixels: Int { imagePixels * (slabs.first?.images.count ?? 0) }

    var dataBytes: Int { (slabPixels * layout.bytesPerRow).roundedUp(to: 64) }
    private var scaleBytes: Int { (slabPixels * layout.scaleBytesPerRow).roundedUp(to: 64) }
    /// The packed rows of a slab with their scales.
    var packedBytes: Int { dataBytes + scaleBytes }
    /// Packed rows that there is room for.
    var capacity: Int { slabPixels }

    var gatherBytes: Int {
        (gatherPixels * layout.channels * MemoryLayout<Float>.stride).roundedUp(to: 64)
    }
    /// A worker's memory: gathered floats and an upsampled row of them; or, at another time, a strip
    /// of output, since rows of a store may lie apart.
    var scratchBytes: Int {
        max(
            gatherBytes * 3, rowsPerStrip * outputWidth * largestMatrix * MemoryLayout<Float>.stride
        )
    }
}

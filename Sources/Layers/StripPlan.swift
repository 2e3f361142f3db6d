internal import Tensors

/// How a product is cut into tasks: strips of output rows of one image, and shares of the panels where
/// there are too few strips to keep every thread busy.
struct StripPlan {
    /// One task.
    struct Strip {
        let image: Int
        let firstRow: Int
        let rowCount: Int
        let part: Int
        let parts: Int

        /// This task's share of `panels` panels.
        func share(of panels: Int) -> Range<Int> {
            panels * part / parts..<panels * (part + 1) / parts
        }
    }

    let layout: RowLayout
    /// The input's height and width as the window sees them (upsampled, without padding).
    let inputHeight: Int
    let inputWidth: Int
    let outputWidth: Int
    /// Packed pixels in a row of a strip, padding included.
    let stripWidth: Int
    /// Float pixels that are gathered at a time.
    let gatherPixels: Int
    let rowsPerStrip: Int
    /// The rows of output that the strips share.
    private let rows: Range<Int>
    private let outputBytes: Int
    private let images: Int
    private let strips: Int
    private let parts: Int
    private let window: Window

    // A strip's packed rows stay in the second-level cache, and are many enough to reuse each panel.
    private static let packedBytes = 512 << 10
    private static let pixelsPerStrip = 256
    private static let tasksPerThread = 3
    private static let panelsPerPart = 4

    init(_ product: WindowProduct, format: RowFormat) {
        let shape = product.inputs[0].shape
        window = product.window
        layout = RowLayout(product.inputs.map(\.shape.channels), format: format)
        images = shape.images
        if product.readsPoints {
            // Pixels are independent: any run of them is a strip one pixel wide.
            inputHeight = shape.pixels
            inputWidth = 1
            gatherPixels = 32
        } else {
            inputHeight = product.upsampled?.height ?? shape.height
            inputWidth = product.upsampled?.width ?? shape.width
            gatherPixels = shape.width
        }
        rows = product.rows ?? 0..<window.output(inputHeight)
        outputWidth = window.output(inputWidth)
        stripWidth = (outputWidth - 1) * window.stride + window.kernel

        let rowBytes = max(stripWidth * layout.bytesPerRow, 1)
        let wanted = max(Self.pixelsPerStrip / outputWidth, 1)
        let affordable = max((Self.packedBytes / rowBytes - window.kernel) / window.stride + 1, 1)
        let most = min(rows.count, min(wanted, affordable))
        strips = (rows.count + most - 1) / most
        rowsPerStrip = (rows.count + strips - 1) / strips
        let threads = product.executor.parallel.threads
        let enough = threads == 1 ? 1 : threads * Self.tasksPerThread
        let panels = product.outputs.map(\.matrix.panelCount).max() ?? 1
        parts = min(
            max((enough + images * strips - 1) / (images * strips), 1),
            max(panels / Self.panelsPerPart, 1))
        // Rows of a store may lie apart: they are computed in scratch memory.
        let values = product.rows == nil ? 0 : rowsPerStrip * outputWidth
        outputBytes =
            values * (product.outputs.map(\.matrix.outputs).max() ?? 0) * MemoryLayout<Float>.stride
    }

    var tasks: Int { images * strips * parts }

    func strip(_ task: Int) -> Strip {
        let part = task % parts
        let strip = task / parts % strips
        let firstRow = min(rows.lowerBound + strip * rowsPerStrip, rows.upperBound)
        return Strip(
            image: task / parts / strips, firstRow: firstRow,
            rowCount: min(rowsPerStrip, rows.upperBound - firstRow), part: part, parts: parts)
    }

    /// Packed rows of a full strip.
    var packedPixels: Int {
        ((rowsPerStrip - 1) * window.stride + window.kernel) * stripWidth
    }

    var dataBytes: Int { (packedPixels * layout.bytesPerRow).roundedUp(to: 64) }
    var scaleBytes: Int { (packedPixels * layout.scaleBytesPerRow).roundedUp(to: 64) }
    var gatherBytes: Int {
        (gatherPixels * layout.channels * MemoryLayout<Float>.stride).roundedUp(to: 64)
    }
    /// Packed data, scales, gathered floats, and an upsampled row of them.
    var packedBytes: Int { dataBytes + scaleBytes + gatherBytes * 3 }
    /// The same, and a strip of output.
    var scratchBytes: Int { packedBytes + outputBytes }
}

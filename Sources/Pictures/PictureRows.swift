/// A picture that comes row by row, from the top.
package struct PictureRows {
    private let width: Int
    private let height: Int
    private let channels: Int
    private var pixels: [UInt8] = []

    package init(width: Int, height: Int, channels: Int) {
        self.width = width
        self.height = height
        self.channels = channels
        pixels.reserveCapacity(width * height * channels)
    }

    /// Adds a row of floating-point pixels: what lies beyond the picture's width is left out.
    ///
    /// byte = round(clamp(x · scale + offset, 0, 1) · 255) in float32, ties to even; NaN becomes 0.
    /// - Parameter row: [W, channels], W at least the picture's width (trap otherwise).
    package mutating func append(_ row: Span<Float>, scale: Float = 1, offset: Float = 0) {
        precondition(pixels.count < width * height * channels, "the picture is full")
        for index in 0..<width * channels {
            pixels.append(quantised(row[index] * scale + offset))
        }
    }

    /// The picture; traps unless all rows have come.
    package consuming func picture() -> Picture {
        Picture(width: width, height: height, channels: channels, pixels: pixels)
    }
}

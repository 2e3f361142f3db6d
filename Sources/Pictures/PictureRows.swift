/// A picture that comes row by row, from the top.
package struct PictureRows {
    private let width: Int
    private let fullHeight: Int
    private let channels: Int
    private let rule: FloatingPointRoundingRule
    private var pixels: [UInt8] = []

    /// - Parameter rule: how floating-point pixels become bytes.
    package init(
        width: Int, height: Int, channels: Int,
        rounding rule: FloatingPointRoundingRule = .toNearestOrEven
    ) {
        self.width = width
        self.rule = rule
        fullHeight = height
        self.channels = channels
        pixels.reserveCapacity(width * height * channels)
    }

    /// Adds a row of floating-point pixels: what lies beyond the picture's width is left out.
    ///
    /// byte = round(clamp(x · scale + offset, 0, 1) · 255) in float32, rounded as the picture was
    /// made to; NaN becomes 0.
    /// - Parameter row: [W, channels], W at least the picture's width (trap otherwise).
    package mutating func append(_ row: Span<Float>, scale: Float = 1, offset: Float = 0) {
        precondition(height < fullHeight, "the picture is full")
        for index in 0..<width * channels {
            pixels.append(quantised(row[index] * scale + offset, rule))
        }
    }

    /// Adds a picture's rows; it has the same width and channels (trap otherwise).
    package mutating func append(_ picture: Picture) {
        precondition(picture.width == width && picture.channels == channels)
        precondition(height + picture.height <= fullHeight, "the picture is full")
        pixels += picture.pixels
    }

    /// Rows that have come.
    package var height: Int { pixels.count / (width * channels) }

    /// Some of the rows that have come, at least one (trap otherwise).
    package func slice(_ rows: Range<Int>) -> Picture {
        let row = width * channels
        return Picture(
            width: width, height: rows.count, channels: channels,
            pixels: Array(pixels[rows.lowerBound * row..<rows.upperBound * row]))
    }

    /// The picture; traps unless all rows have come.
    package consuming func picture() -> Picture {
        Picture(width: width, height: fullHeight, channels: channels, pixels: pixels)
    }
}

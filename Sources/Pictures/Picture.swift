/// A picture of 8 bits a channel, rows from the top, channels interleaved.
package struct Picture: Sendable, Equatable {
    /// Pixels in a row, at least 1.
    package let width: Int
    /// Rows, at least 1.
    package let height: Int
    /// 1 (gray), 3 (RGB) or 4 (RGBA, alpha not premultiplied).
    package let channels: Int
    /// [height, width, channels].
    package private(set) var pixels: [UInt8]

    /// A picture of these pixels, [height, width, channels].
    ///
    /// Traps when the count or the channels do not fit.
    package init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
        precondition(width > 0 && height > 0, "a picture has at least one pixel")
        precondition(channels == 1 || channels == 3 || channels == 4, "1, 3 or 4 channels")
        precondition(pixels.count == width * height * channels, "pixels do not fill the picture")
        self.width = width
        self.height = height
        self.channels = channels
        self.pixels = pixels
    }

    /// The picture on an opaque ground, as RGB; gray is spread to three channels, RGB stays.
    ///
    /// Each channel becomes (c · alpha + ground · (255 − alpha)) / 255, rounded.
    package func composited(
        over ground: (red: UInt8, green: UInt8, blue: UInt8) = (255, 255, 255)
    ) -> Picture {
        guard channels != 3 else { return self }
        let ground = [Int(ground.red), Int(ground.green), Int(ground.blue)]
        let count = width * height
        let opaque = [UInt8](unsafeUninitializedCapacity: count * 3) { out, written in
            for pixel in 0..<count {
                for channel in 0..<3 {
                    out[pixel * 3 + channel] =
                        channels == 1
                        ? pixels[pixel]
                        : mix(pixel: pixel, channel: channel, ground: ground[channel])
                }
            }
            written = count * 3
        }
        return Picture(width: width, height: height, channels: 3, pixels: opaque)
    }

    private func mix(pixel: Int, channel: Int, ground: Int) -> UInt8 {
        let alpha = Int(pixels[pixel * 4 + 3])
        return UInt8(
            (Int(pixels[pixel * 4 + channel]) * alpha + ground * (255 - alpha) + 127) / 255)
    }
}

/// A picture with the text that came in its file.
package struct DecodedPicture: Sendable {
    /// 3 or 4 channels.
    package var picture: Picture
    /// The text chunks in file order; a key may come more than once.
    package var texts: [(key: String, value: String)]

    /// The value of the first text chunk with this key.
    package func text(_ key: String) -> String? {
        texts.first { $0.key == key }?.value
    }
}

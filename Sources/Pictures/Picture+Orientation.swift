extension Picture {
    /// The picture turned as an EXIF orientation asks for it: 1 as it is, 2 mirrored, 3 by half a turn,
    /// 4 both, 6 by a quarter clockwise, 8 by a quarter the other way, 7 and 5 as these but mirrored first.
    ///
    /// From 5 on width and height change places. Traps for other numbers.
    package func turned(_ orientation: Int) -> Picture {
        precondition((1...8).contains(orientation), "an orientation is 1 to 8")
        guard orientation != 1 else { return self }
        // Where the new first pixel was, and how far from a pixel its right and lower neighbours were.
        let last = width * height - 1
        let (first, right, down) = [
            (width - 1, -1, width), (last, -1, -width), (last - width + 1, 1, -width),
            (0, width, 1), (last - width + 1, -width, 1), (last, -width, -1),
            (width - 1, width, -1),
        ][orientation - 2]
        let (columns, rows) = orientation < 5 ? (width, height) : (height, width)
        let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { out, written in
            for y in 0..<rows {
                for x in 0..<columns {
                    let from = (first + x * right + y * down) * channels
                    for channel in 0..<channels {
                        out[(y * columns + x) * channels + channel] = pixels[from + channel]
                    }
                }
            }
            written = pixels.count
        }
        return Picture(width: columns, height: rows, channels: channels, pixels: turned)
    }
}

extension Picture {
    /// A gray picture that is white where this one is wholly transparent and black elsewhere; nil
    /// where it is so nowhere.
    package func transparencyMask() -> Picture? {
        guard channels == 4 else { return nil }
        let mask = stride(from: 3, to: pixels.count, by: 4).map { alpha -> UInt8 in
            pixels[alpha] == 0 ? 255 : 0
        }
        guard mask.contains(255) else { return nil }
        return Picture(width: width, height: height, channels: 1, pixels: mask)
    }

    /// The picture on black with white for black and black for white, as RGB.
    package func inverted() -> Picture {
        let opaque = composited(over: (0, 0, 0))
        return Picture(
            width: width, height: height, channels: 3, pixels: opaque.pixels.map { 255 - $0 })
    }
}

// JPEG bytes to a picture, in builds with the package trait JPEG.

#if JPEG
    import CJPEG

    /// Reads a JPEG (baseline or progressive; gray, RGB, YCbCr, CMYK or YCCK) as 8-bit RGB, turned as
    /// its EXIF orientation says. Colour profiles are ignored, and CMYK becomes the product of ink and
    /// black: R = C · K / 255, of values that are 255 for no ink.
    ///
    /// What is damaged or ends early is refused, not painted gray.
    /// - Source: CMYK as Pillow takes it, `ImagingConvert` from CMYK and `JpegImagePlugin`: always
    ///   stored inverted.
    func decodeJPEG(_ bytes: [UInt8], maximumPixels: Int) throws(PictureError) -> DecodedPicture {
        let stored = try bytes.withUnsafeBufferPointer { file throws(PictureError) in
            guard let start = file.baseAddress, let reader = Reader(start, count: file.count) else {
                throw .unreadableJPEG(reason: "no memory is left")
            }
            return try reader.read(maximumPixels: maximumPixels)
        }
        return DecodedPicture(picture: stored.turned(exifOrientation(of: bytes)), texts: [])
    }

    /// Owns libjpeg's state; the file's bytes must outlive it.
    private struct Reader: ~Copyable {
        private let state: OpaquePointer

        init?(_ bytes: UnsafePointer<UInt8>, count: Int) {
            guard let state = cjpeg_reader_create(bytes, count) else { return nil }
            self.state = state
        }

        deinit {
            cjpeg_reader_destroy(state)
        }

        func read(maximumPixels: Int) throws(PictureError) -> Picture {
            guard cjpeg_read_header(state, UInt64(max(0, maximumPixels))) else { throw failure }
            let shape = cjpeg_reader_shape(state)
            let count = Int(shape.width) * Int(shape.height) * Int(shape.channels)
            var succeeded = false
            let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
                guard let start = buffer.baseAddress else { return }
                succeeded = cjpeg_read_pixels(state, start)
                written = succeeded ? count : 0
            }
            guard succeeded else { throw failure }
            return Picture(
                width: Int(shape.width), height: Int(shape.height), channels: 3,
                pixels: shape.channels == 4 ? rgb(fromCMYK: pixels) : pixels)
        }

        private var failure: PictureError {
            .unreadableJPEG(reason: String(cString: cjpeg_reader_message(state)))
        }
    }

    /// - Parameter pixels: [pixels, 4], 255 for no ink.
    /// - Returns: [pixels, 3].
    private func rgb(fromCMYK pixels: [UInt8]) -> [UInt8] {
        let count = pixels.count / 4
        return [UInt8](unsafeUninitializedCapacity: count * 3) { out, written in
            for pixel in 0..<count {
                let black = Int(pixels[pixel * 4 + 3])
                for channel in 0..<3 {
                    let ink = Int(pixels[pixel * 4 + channel])
                    out[pixel * 3 + channel] = UInt8((ink * black + 127) / 255)
                }
            }
            written = count * 3
        }
    }
#endif

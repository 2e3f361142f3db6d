// PNG bytes to a picture.

import CPNG

/// Reads a PNG of any kind (palette, gray, 16 bit, interlaced, transparent) as 8-bit RGB, or as
/// RGBA where it has transparency. Gamma and colour profiles are ignored.
///
/// Sides up to 32768 are read, and up to `maximumPixels` in all. Text chunks are read in each of
/// their three forms (tEXt, zTXt, iTXt).
package func decodePNG(
    _ bytes: [UInt8], maximumPixels: Int = maximumPicturePixels
) throws(PictureError) -> DecodedPicture {
    guard !bytes.isEmpty else { throw .empty }
    guard bytes.starts(with: pngSignature) else { throw .notPNG(kind: knownFormat(of: bytes)) }
    return try bytes.withUnsafeBufferPointer { file throws(PictureError) in
        guard let start = file.baseAddress, let reader = Reader(start, count: file.count) else {
            throw .unreadable(reason: "no memory is left")
        }
        return try reader.read(maximumPixels: maximumPixels)
    }
}

private let pngSignature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

/// Owns libpng's state; the file's bytes must outlive it.
private struct Reader: ~Copyable {
    private let state: OpaquePointer

    init?(_ bytes: UnsafePointer<UInt8>, count: Int) {
        guard let state = cpng_reader_create(bytes, count) else { return nil }
        self.state = state
    }

    deinit {
        cpng_reader_destroy(state)
    }

    func read(maximumPixels: Int) throws(PictureError) -> DecodedPicture {
        guard cpng_read_header(state, UInt64(max(0, maximumPixels))) else { throw failure }
        let shape = cpng_reader_shape(state)
        let count = Int(shape.width) * Int(shape.height) * Int(shape.channels)
        var succeeded = false
        let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
            guard let start = buffer.baseAddress else { return }
            succeeded = cpng_read_pixels(state, start)
            written = succeeded ? count : 0
        }
        guard succeeded else { throw failure }
        let picture = Picture(
            width: Int(shape.width), height: Int(shape.height), channels: Int(shape.channels),
            pixels: pixels)
        return DecodedPicture(picture: picture, texts: texts)
    }

    private var failure: PictureError {
        .unreadable(reason: String(cString: cpng_reader_message(state)))
    }

    private var texts: [(key: String, value: String)] {
        (0..<cpng_reader_text_count(state)).map { index in
            let text = cpng_reader_text(state, index)
            let key = latin1(UnsafeRawBufferPointer(start: text.key, count: length(of: text.key)))
            let value = UnsafeRawBufferPointer(start: text.value, count: text.length)
            return (key, text.utf8 ? String(decoding: value, as: UTF8.self) : latin1(value))
        }
    }
}

private func length(of string: UnsafePointer<CChar>) -> Int {
    var end = string
    while end.pointee != 0 {
        end += 1
    }
    return end - string
}

private func latin1(_ bytes: UnsafeRawBufferPointer) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count)
    for byte in bytes {
        if byte < 0x80 {
            text.append(byte)
        } else {
            text.append(0xC0 | byte >> 6)
            text.append(0x80 | byte & 0x3F)
        }
    }
    return String(decoding: text, as: UTF8.self)
}

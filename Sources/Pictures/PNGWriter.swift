// A picture to PNG bytes.

import CPNG

/// The longest side of a picture that is read or written, in pixels.
package let maximumPictureSide = Int(CPNG_MAX_SIDE)

/// Writes a PNG of 8 bits a channel: gray, RGB or RGBA as the picture is.
///
/// The same picture and texts give the same bytes (no time stamp). Sides go up to 32768.
/// - Parameter texts: stand before the pixels in this order; Latin-1 values as tEXt, others as
///   UTF-8 in iTXt, both uncompressed, as Pillow writes them and readers expect them.
package func encodePNG(
    _ picture: Picture, texts: [(key: String, value: String)] = []
) throws(PictureError) -> [UInt8] {
    guard let writer = Writer() else { throw .unwritable(reason: "no memory is left") }
    for (key, value) in texts {
        try writer.add(key: key, value: value)
    }
    return try writer.write(picture)
}

/// Owns libpng's state and the bytes it has written.
private struct Writer: ~Copyable {
    private let state: OpaquePointer

    init?() {
        guard let state = cpng_writer_create() else { return nil }
        self.state = state
    }

    deinit {
        cpng_writer_destroy(state)
    }

    func add(key: String, value: String) throws(PictureError) {
        guard isTextKey(key), let storedKey = latin1(key) else { throw .badTextKey(key) }
        guard !value.utf8.contains(0) else { throw .badTextValue(key: key) }
        let narrow = latin1(value)
        let stored = narrow ?? value.utf8.map(CChar.init(bitPattern:)) + [0]
        guard cpng_writer_add_text(state, storedKey, stored, narrow == nil) else { throw failure }
    }

    func write(_ picture: Picture) throws(PictureError) -> [UInt8] {
        let limit = maximumPictureSide
        guard picture.width <= limit, picture.height <= limit else {
            throw .unwritable(
                reason: "\(picture.width)x\(picture.height) pixels are too many: "
                    + "at most \(limit) a side are written")
        }
        let shape = cpng_shape(
            width: UInt32(picture.width), height: UInt32(picture.height),
            channels: UInt32(picture.channels))
        guard cpng_write(state, shape, picture.pixels) else { throw failure }
        var count = 0
        let bytes = cpng_writer_bytes(state, &count)
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }

    private var failure: PictureError {
        .unwritable(reason: String(cString: cpng_writer_message(state)))
    }
}

/// PNG keys are 1 to 79 printable Latin-1 characters whose spaces stand alone, inside.
private func isTextKey(_ key: String) -> Bool {
    let scalars = Array(key.unicodeScalars)
    guard (1...79).contains(scalars.count), scalars.first != " ", scalars.last != " " else {
        return false
    }
    return scalars.allSatisfy {
        (0x20...0x7E).contains($0.value) || (0xA1...0xFF).contains($0.value)
    }
        && !zip(scalars, scalars.dropFirst()).contains { $0 == " " && $1 == " " }
}

/// NUL-terminated Latin-1, or nil when a character is not in it.
private func latin1(_ text: String) -> [CChar]? {
    var bytes: [CChar] = []
    for scalar in text.unicodeScalars {
        guard let byte = UInt8(exactly: scalar.value) else { return nil }
        bytes.append(CChar(bitPattern: byte))
    }
    return bytes + [0]
}

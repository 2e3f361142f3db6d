// Fuzzes the PNG reader and the reader of generation parameters: no input may crash them, and what
// they accept survives being written again.

import Pictures

/// libFuzzer's entry point: reads the bytes as they are and once more with every checksum put
/// right, which lets damage inside a chunk through to its parser.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPNG(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    check(bytes)
    check(withRightChecksums(bytes))
    return 0
}

private func check(_ bytes: [UInt8]) {
    do {
        let decoded = try decodePNG(bytes, maximumPixels: 1 << 20)
        // A few packed kilobytes can be megabytes of text: reading those again and again finds little.
        for (_, value) in decoded.texts where value.utf8.count < 1 << 16 {
            let parameters = GenerationParameters(parsing: value)
            let again = GenerationParameters(parsing: parameters.text)
            precondition(parameters.settings.isEmpty || again.settings == parameters.settings)
        }
        let writable = decoded.texts.filter { !$0.value.utf8.contains(0) }
        let rewritten = try decodePNG(encodePNG(decoded.picture, texts: writable))
        precondition(rewritten.picture == decoded.picture)
        precondition(rewritten.texts.map(\.value) == writable.map(\.value))
    } catch {
        precondition(!error.description.isEmpty)
    }
}

private func withRightChecksums(_ bytes: [UInt8]) -> [UInt8] {
    var repaired = bytes
    var position = 8
    while position + 12 <= bytes.count {
        let length = bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
        guard length <= bytes.count - position - 12 else { break }
        let end = position + 8 + length
        let rest = checksum(bytes[position + 4..<end])
        for index in 0..<4 {
            repaired[end + index] = UInt8(truncatingIfNeeded: rest >> (24 - 8 * UInt32(index)))
        }
        position = end + 4
    }
    return repaired
}

/// PNG's CRC-32, bit by bit.
private func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var rest: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
        rest ^= UInt32(byte)
        for _ in 0..<8 {
            rest = rest & 1 == 1 ? rest >> 1 ^ 0xEDB8_8320 : rest >> 1
        }
    }
    return ~rest
}

// Feeds arbitrary bytes to the JSON parser, the safetensors header reader and the weight file reader,
// and traps where one of them breaks a promise about what it accepts.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif
import WeightStore

/// libFuzzer's entry: `count` bytes at `data`, null if none.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: data, count: count)
    checkFile(bytes)
    checkHeaderText(bytes)
    checkJSON(bytes)
    return 0
}

/// The bytes as a whole file.
private func checkFile(_ bytes: UnsafeRawBufferPointer) {
    guard let header = checkHeader(bytes, fileSize: bytes.count) else { return }
    guard header.metadata["format"] == "inkstone" else { return }
    let path = "/dev/shm/inkstone-fuzz-\(getpid())"
    defer { unlink(path) }
    guard (try? AtomicFile.writeAtomically(Array(bytes), to: path)) != nil,
        let file = try? WeightFile(path: path)
    else { return }
    for tensor in file.tensors {
        precondition(tensor.bytes.count % 64 == 0 && UInt(bitPattern: tensor.pointer) % 64 == 0)
        precondition(file.contains(tensor.name))
    }
}

/// The bytes as the text of a header, its length always right, before some data.
private func checkHeaderText(_ bytes: UnsafeRawBufferPointer) {
    let length = (0..<8).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) }
    let file = length + Array(bytes)
    for dataSize in [0, 24, 64] {
        file.withUnsafeBytes { _ = checkHeader($0, fileSize: file.count + dataSize) }
    }
}

/// Tensors must cover the data without holes, and their shapes must fit their bytes.
private func checkHeader(
    _ bytes: UnsafeRawBufferPointer, fileSize: Int
) -> SafetensorsHeader? {
    let header: SafetensorsHeader
    do {
        header = try SafetensorsHeader.parse(bytes: bytes, fileSize: fileSize, path: "input")
    } catch {
        precondition(!error.description.isEmpty)
        return nil
    }
    var end = header.dataStart
    for tensor in header.tensors {
        precondition(tensor.range.lowerBound == end)
        precondition(elementCount(of: tensor.shape) == tensor.count)
        precondition(tensor.count * tensor.type.size == tensor.range.count)
        end = tensor.range.upperBound
    }
    precondition(end == fileSize)
    return header
}

/// Whatever is read must be written and read again as the same value.
private func checkJSON(_ bytes: UnsafeRawBufferPointer) {
    guard let value = try? JSONValue.parse(bytes, source: "input") else { return }
    for pretty in [false, true] {
        let again = try? JSONValue.parse(value.serialized(pretty: pretty))
        precondition(again == value)
    }
}

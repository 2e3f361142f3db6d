// Fuzzes the reader of torch files: no input may crash it, nor make it slow or hungry.

import Quantizer

/// libFuzzer's entry point: reads the bytes as a file, and once more as the pickle inside of a zip
/// container whose checksums are right, which lets damage through to the walker.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTorch(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    check(bytes)
    check(container(around: bytes))
    return 0
}

private func check(_ bytes: [UInt8]) {
    do throws(QuantizerError) {
        let checkpoint = try openCheckpoint(ByteSource(bytes: bytes, name: "input"))
        for tensor in checkpoint.tensors {
            let numbers = try checkpoint.read(tensor.name)
            precondition(numbers.count == tensor.shape.reduce(1, *))
            // A tensor never holds more numbers than the file has bytes.
            precondition(numbers.count <= bytes.count)
        }
    } catch {
        precondition(!error.description.isEmpty)
    }
}

/// A zip file with `pickle` as `a/data.pkl` and 64 bytes as the storages `0` and `1`.
private func container(around pickle: [UInt8]) -> [UInt8] {
    let storage = (0..<64).map { UInt8($0) }
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for (name, content) in [
        ("a/data.pkl", pickle), ("a/data/0", storage), ("a/data/1", storage),
    ] {
        let common =
            little(0, 2) + little(0, 2) + little(0, 4) + little(checksum(content), 4)
            + little(UInt32(content.count), 4) + little(UInt32(content.count), 4)
            + little(UInt32(name.utf8.count), 2) + little(0, 2)
        directory += little(0x0201_4B50, 4) + little(0, 4) + common + little(0, 2) + little(0, 8)
        directory += little(UInt32(file.count), 4) + Array(name.utf8)
        file += little(0x0403_4B50, 4) + little(0, 2) + common + Array(name.utf8) + content
    }
    let end = little(0x0605_4B50, 4) + little(0, 4) + little(3, 2) + little(3, 2)
    return file + directory + end + little(UInt32(directory.count), 4)
        + little(UInt32(file.count), 4) + little(0, 2)
}

/// CRC-32, bit by bit.
private func checksum(_ bytes: [UInt8]) -> UInt32 {
    var rest = UInt32.max
    for byte in bytes {
        rest ^= UInt32(byte)
        for _ in 0..<8 { rest = rest & 1 == 1 ? (rest >> 1) ^ 0xEDB8_8320 : rest >> 1 }
    }
    return ~rest
}

private func little(_ value: UInt32, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: UInt64(value) >> (8 * UInt64($0))) }
}

/// The low `count` bytes of a number, lowest first.
func little(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
}

/// Makes zip files whose entries are stored, the way torch does, without torch.
struct ZipWriter {
    private var file: [UInt8] = []
    private var directory: [UInt8] = []
    private var count: UInt64 = 0

    mutating func add(_ name: String, _ content: [UInt8], method: UInt16 = 0) {
        var common = little(0, 2) + little(UInt64(method), 2) + little(0, 4)
        common += little(UInt64(checksum(content)), 4)
        common += little(UInt64(content.count), 4) + little(UInt64(content.count), 4)
        common += little(UInt64(name.utf8.count), 2) + little(0, 2)
        directory += little(0x0201_4B50, 4) + little(0, 4) + common + little(0, 2)
        directory += little(0, 8) + little(UInt64(file.count), 4) + Array(name.utf8)
        file += little(0x0403_4B50, 4) + little(0, 2) + common + Array(name.utf8) + content
        count += 1
    }

    func finish() -> [UInt8] {
        var end = little(0x0605_4B50, 4) + little(0, 4) + little(count, 2) + little(count, 2)
        end += little(UInt64(directory.count), 4) + little(UInt64(file.count), 4) + little(0, 2)
        return file + directory + end
    }
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

/// A PNG taken apart, so that tests can damage it with checksums that fit.
struct Chunks {
    var list: [(type: String, data: [UInt8])] = []

    init(of file: [UInt8]) {
        var position = 8
        while position + 12 <= file.count {
            let count = file[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
            let type = String(decoding: file[position + 4..<position + 8], as: UTF8.self)
            list.append((type, Array(file[position + 8..<position + 8 + count])))
            position += 12 + count
        }
    }

    var file: [UInt8] {
        var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        for (type, data) in list {
            let body = Array(type.utf8) + data
            bytes += bigEndian(UInt32(data.count)) + body + bigEndian(checksum(body))
        }
        return bytes
    }

    func index(of type: String) -> Int {
        list.firstIndex { $0.type == type } ?? list.count
    }
}

func bigEndian(_ value: UInt32) -> [UInt8] {
    [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
}

/// PNG's CRC-32, bit by bit.
private func checksum(_ bytes: [UInt8]) -> UInt32 {
    var rest: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
        rest ^= UInt32(byte)
        for _ in 0..<8 {
            rest = rest & 1 == 1 ? rest >> 1 ^ 0xEDB8_8320 : rest >> 1
        }
    }
    return ~rest
}

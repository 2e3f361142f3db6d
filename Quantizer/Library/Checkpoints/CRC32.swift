/// CRC-32 as zip files use it, eight bytes a step.
/// - Source: the polynomial of ISO 3309; the eight tables are M. Kounavis & F. Berry's slicing-by-8.
struct CRC32 {
    private var state: UInt32 = .max

    /// The checksum of everything added so far.
    var value: UInt32 { ~state }

    mutating func update(_ bytes: [UInt8]) {
        var crc = state
        bytes.withUnsafeBytes { raw in
            tables.withUnsafeBufferPointer { table in
                var at = 0
                while at &+ 8 <= raw.count {
                    let low = raw.loadUnaligned(fromByteOffset: at, as: UInt32.self)
                    let high = raw.loadUnaligned(fromByteOffset: at &+ 4, as: UInt32.self)
                    let a = UInt32(littleEndian: low) ^ crc
                    let b = UInt32(littleEndian: high)
                    crc = fold(a, table, 1792) ^ fold(b, table, 768)
                    at &+= 8
                }
                while at < raw.count {
                    crc = (crc &>> 8) ^ table[Int((crc ^ UInt32(raw[at])) & 0xFF)]
                    at &+= 1
                }
            }
        }
        state = crc
    }
}

/// One word through four tables, of which the first stands at `first`, the others before it.
@inline(__always)
private func fold(_ word: UInt32, _ table: UnsafeBufferPointer<UInt32>, _ first: Int) -> UInt32 {
    var crc = table[first &+ Int(word & 0xFF)]
    crc ^= table[first &- 256 &+ Int((word &>> 8) & 0xFF)]
    crc ^= table[first &- 512 &+ Int((word &>> 16) & 0xFF)]
    crc ^= table[first &- 768 &+ Int(word &>> 24)]
    return crc
}

/// Eight tables of 256, the n-th for a byte that n more bytes follow.
private let tables: [UInt32] = {
    var tables: [UInt32] = (0..<256).map { byte in
        var crc = UInt32(byte)
        for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0xEDB8_8320 : crc >> 1 }
        return crc
    }
    for index in 256..<2048 {
        let before = tables[index - 256]
        tables.append((before >> 8) ^ tables[Int(before & 0xFF)])
    }
    return tables
}()

extension ZipArchive {
    /// Compares the bytes of an entry with the directory's checksum.
    func verify(_ entry: Entry, named name: String, at offset: Int) throws(QuantizerError) {
        var checksum = CRC32()
        var done = 0
        while done < entry.count {
            let part = min(1 << 20, entry.count - done)
            checksum.update(try source.read(at: offset + done, count: part))
            done += part
        }
        guard checksum.value == entry.checksum else {
            throw .malformed(
                path: source.path,
                what: "zip: entry \"\(name)\" does not have the checksum that it should")
        }
    }
}

/// The directory of a zip file whose entries are stored as they are, which is how torch writes them.
///
/// Sizes and offsets come from the central directory (zip64 included); every one is checked against
/// the file before it is used.
/// - Source: PKWARE APPNOTE 6.3.10. Refused: compression, encryption, several disks.
struct ZipArchive {
    /// One stored file.
    struct Entry {
        /// Size in bytes.
        let count: Int
        /// CRC-32 of the bytes, as the directory has it.
        let checksum: UInt32
        fileprivate let header: Int
    }

    /// What the file begins with.
    static let magic: [UInt8] = [0x50, 0x4B, 0x03, 0x04]

    let source: ByteSource
    /// Entries by their full name.
    let entries: [String: Entry]

    private static let directoryLimit = 32 << 20
    private static let headerSize = 30
    private static let recordSize = 46

    init(source: ByteSource) throws(QuantizerError) {
        self.source = source
        let extent = try Self.findDirectory(source)
        guard extent.size <= Self.directoryLimit else {
            throw .malformed(path: source.path, what: "its zip directory has \(extent.size) bytes")
        }
        let bytes = LittleEndian(bytes: try source.read(at: extent.offset, count: extent.size))
        var entries: [String: Entry] = [:]
        var offset = 0
        for _ in 0..<extent.records {
            let record = try Self.record(bytes, at: &offset, source)
            guard record.entry.header <= extent.offset - Self.headerSize,
                record.entry.count <= extent.offset - record.entry.header
            else {
                throw Self.damaged(source, "entry \"\(record.name)\" reaches past the entries")
            }
            guard entries.updateValue(record.entry, forKey: record.name) == nil else {
                throw Self.damaged(source, "two entries are named \"\(record.name)\"")
            }
        }
        self.entries = entries
    }

    /// Where the bytes of `entry` begin in the file.
    func offset(of entry: Entry, named name: String) throws(QuantizerError) -> Int {
        let header = LittleEndian(
            bytes: try source.read(at: entry.header, count: Self.headerSize))
        guard header.integer(UInt32.self, at: 0) == 0x0403_4B50,
            let nameLength = header.integer(UInt16.self, at: 26),
            let extraLength = header.integer(UInt16.self, at: 28)
        else {
            throw Self.damaged(source, "entry \"\(name)\" has no local header")
        }
        let start = entry.header + Self.headerSize + Int(nameLength) + Int(extraLength)
        guard start <= source.count, entry.count <= source.count - start else {
            throw Self.damaged(source, "entry \"\(name)\" reaches past the end of the file")
        }
        return start
    }

    // MARK: Directory

    private struct Extent {
        var offset: Int
        var size: Int
        var records: Int
    }

    private static func damaged(_ source: ByteSource, _ what: String) -> QuantizerError {
        .malformed(path: source.path, what: "zip: " + what)
    }

    /// The end record stands last, before a comment of at most 65,535 bytes.
    private static func findDirectory(_ source: ByteSource) throws(QuantizerError) -> Extent {
        let endSize = 22
        let tail = min(source.count, endSize + 65_535)
        let start = source.count - tail
        let bytes = LittleEndian(bytes: try source.read(at: start, count: tail))
        var at = tail - endSize
        while at >= 0 {
            if bytes.integer(UInt32.self, at: at) == 0x0605_4B50,
                let comment = bytes.integer(UInt16.self, at: at + 20),
                at + endSize + Int(comment) == tail
            {
                break
            }
            at -= 1
        }
        guard at >= 0, let disk = bytes.integer(UInt16.self, at: at + 4),
            let records = bytes.integer(UInt16.self, at: at + 10),
            let size = bytes.integer(UInt32.self, at: at + 12),
            let offset = bytes.integer(UInt32.self, at: at + 16)
        else {
            throw damaged(source, "no end record; the file was cut short")
        }
        var extent = Extent(offset: Int(offset), size: Int(size), records: Int(records))
        if records == .max || size == .max || offset == .max || disk == .max {
            extent = try findLargeDirectory(source, before: start + at)
        }
        guard extent.offset <= source.count, extent.size <= source.count - extent.offset,
            extent.records <= extent.size / recordSize
        else {
            throw damaged(source, "its directory reaches past the end of the file")
        }
        return extent
    }

    private static func findLargeDirectory(
        _ source: ByteSource, before end: Int
    ) throws(QuantizerError) -> Extent {
        let locatorSize = 20
        guard end >= locatorSize else { throw damaged(source, "no zip64 locator") }
        let locator = LittleEndian(
            bytes: try source.read(at: end - locatorSize, count: locatorSize))
        guard locator.integer(UInt32.self, at: 0) == 0x0706_4B50,
            let position = locator.integer(UInt64.self, at: 8),
            let offset = Int(exactly: position)
        else {
            throw damaged(source, "no zip64 locator")
        }
        let record = LittleEndian(bytes: try source.read(at: offset, count: 56))
        guard record.integer(UInt32.self, at: 0) == 0x0606_4B50,
            let records = record.integer(UInt64.self, at: 32).flatMap(Int.init(exactly:)),
            let size = record.integer(UInt64.self, at: 40).flatMap(Int.init(exactly:)),
            let start = record.integer(UInt64.self, at: 48).flatMap(Int.init(exactly:))
        else {
            throw damaged(source, "its zip64 end record is broken")
        }
        return Extent(offset: start, size: size, records: records)
    }

    private static func record(
        _ bytes: LittleEndian, at offset: inout Int, _ source: ByteSource
    ) throws(QuantizerError) -> (name: String, entry: Entry) {
        guard bytes.integer(UInt32.self, at: offset) == 0x0201_4B50,
            let flags = bytes.integer(UInt16.self, at: offset + 8),
            let method = bytes.integer(UInt16.self, at: offset + 10),
            let checksum = bytes.integer(UInt32.self, at: offset + 16),
            let packed = bytes.integer(UInt32.self, at: offset + 20),
            let size = bytes.integer(UInt32.self, at: offset + 24),
            let nameLength = bytes.integer(UInt16.self, at: offset + 28),
            let extraLength = bytes.integer(UInt16.self, at: offset + 30),
            let commentLength = bytes.integer(UInt16.self, at: offset + 32),
            let header = bytes.integer(UInt32.self, at: offset + 42),
            let name = bytes.text(at: offset + recordSize, count: Int(nameLength))
        else {
            throw damaged(source, "its directory is broken")
        }
        guard flags & 1 == 0, method == 0 else {
            throw .unsupported(
                path: source.path,
                what: "zip: entry \"\(name)\" is \(method == 0 ? "encrypted" : "compressed"); "
                    + "torch writes neither")
        }
        let extra = offset + recordSize + Int(nameLength)
        var wide = WideFields(size: size, packed: packed, header: header)
        wide.replace(from: bytes, at: extra, count: Int(extraLength))
        offset = extra + Int(extraLength) + Int(commentLength)
        guard let count = Int(exactly: wide.size), wide.size == wide.packed,
            let start = Int(exactly: wide.header)
        else {
            throw damaged(source, "entry \"\(name)\" has impossible sizes")
        }
        return (name, Entry(count: count, checksum: checksum, header: start))
    }

    /// The three fields that a zip64 extra field may widen, in its order.
    private struct WideFields {
        var size: UInt64
        var packed: UInt64
        var header: UInt64

        init(size: UInt32, packed: UInt32, header: UInt32) {
            self.size = UInt64(size)
            self.packed = UInt64(packed)
            self.header = UInt64(header)
        }

        mutating func replace(from bytes: LittleEndian, at start: Int, count: Int) {
            var at = start
            while at + 4 <= start + count {
                guard let tag = bytes.integer(UInt16.self, at: at),
                    let length = bytes.integer(UInt16.self, at: at + 2)
                else { return }
                if tag == 1 { widen(from: bytes, at: at + 4, end: at + 4 + Int(length)) }
                at += 4 + Int(length)
            }
        }

        private mutating func widen(from bytes: LittleEndian, at start: Int, end: Int) {
            var at = start
            for field in [\WideFields.size, \.packed, \.header]
            where self[keyPath: field] == UInt64(UInt32.max) {
                guard at + 8 <= end, let value = bytes.integer(UInt64.self, at: at) else { return }
                self[keyPath: field] = value
                at += 8
            }
        }
    }
}

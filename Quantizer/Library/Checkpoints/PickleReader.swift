/// The opcodes that a pickle may hold: those that build plain data, and the three that torch needs
/// (GLOBAL, REDUCE and BINPERSID), which are checked further.
enum PickleOpcode: UInt8 {
    case proto = 0x80
    case frame = 0x95
    case stop = 0x2E
    case mark = 0x28
    case pop = 0x30
    case none = 0x4E
    case newTrue = 0x88
    case newFalse = 0x89
    case binInt = 0x4A
    case binInt1 = 0x4B
    case binInt2 = 0x4D
    case long1 = 0x8A
    case binFloat = 0x47
    case binUnicode = 0x58
    case shortBinUnicode = 0x8C
    case binString = 0x54
    case shortBinString = 0x55
    case emptyList = 0x5D
    case emptyDictionary = 0x7D
    case emptyTuple = 0x29
    case tuple = 0x74
    case tuple1 = 0x85
    case tuple2 = 0x86
    case tuple3 = 0x87
    case append = 0x61
    case appends = 0x65
    case setItem = 0x73
    case setItems = 0x75
    case binPut = 0x71
    case longBinPut = 0x72
    case memoize = 0x94
    case binGet = 0x68
    case longBinGet = 0x6A
    case global = 0x63
    case stackGlobal = 0x93
    case binPersistentID = 0x51
    case reduce = 0x52
    case build = 0x62
}

/// Takes bytes off the front of a pickle; `nil` at its end.
struct PickleReader {
    private let bytes: [UInt8]
    private(set) var offset: Int

    /// The longest name of a module or a function.
    private static let lineLimit = 256

    init(bytes: [UInt8], offset: Int) {
        self.bytes = bytes
        self.offset = offset
    }

    mutating func byte() -> UInt8? {
        guard offset < bytes.count else { return nil }
        defer { offset += 1 }
        return bytes[offset]
    }

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count <= bytes.count - offset else { return nil }
        defer { offset += count }
        return bytes[offset..<offset + count]
    }

    mutating func integer<T: FixedWidthInteger>(_ type: T.Type) -> T? {
        guard let taken = take(MemoryLayout<T>.size) else { return nil }
        var value: T = 0
        for byte in taken.reversed() { value = (value << 8) | T(truncatingIfNeeded: byte) }
        return value
    }

    /// A text up to a line feed, which is taken as well.
    mutating func line() -> String? {
        let window = bytes[offset...].prefix(Self.lineLimit)
        guard let end = window.firstIndex(of: 0x0A) else { return nil }
        defer { offset = end + 1 }
        return String(validating: bytes[offset..<end], as: UTF8.self)
    }
}

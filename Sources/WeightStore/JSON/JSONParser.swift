/// What a JSON text may be at most.
package struct JSONLimits: Sendable {
    /// Objects and arrays within each other.
    package var depth = 64
    /// Bytes of the text.
    package var byteCount = 256 << 20
    /// Values, keys not counted.
    package var valueCount = 16 << 20
    /// Whether `NaN`, `Infinity` and `-Infinity`, which Python's json module writes, are read as null.
    package var readsPythonConstants = false

    /// The usual limits.
    package init() {}

    /// For files that Python libraries write, such as diffusers' configurations.
    package static var python: JSONLimits {
        var limits = JSONLimits()
        limits.readsPythonConstants = true
        return limits
    }
}

extension JSONValue {
    /// Reads one JSON text.
    ///
    /// Strict: UTF-8 without byte order mark, no comments, no `NaN` or `Infinity` (unless the limits
    /// say so), no lone surrogates, no key twice in one object.
    /// - Parameter source: what the text is, for messages; usually a path.
    /// - Source: RFC 8259.
    package static func parse(
        _ bytes: UnsafeRawBufferPointer, source: String, limits: JSONLimits = JSONLimits()
    ) throws(WeightError) -> JSONValue {
        guard bytes.count <= limits.byteCount else {
            throw .tooLong(path: source, limit: limits.byteCount, found: bytes.count)
        }
        var parser = JSONParser(bytes: bytes, source: source, limits: limits)
        return try parser.parseText()
    }

    /// Reads one JSON text.
    package static func parse(
        _ bytes: [UInt8], source: String = "the text", limits: JSONLimits = JSONLimits()
    ) throws(WeightError) -> JSONValue {
        try bytes.withUnsafeBufferPointer { buffer throws(WeightError) in
            try parse(UnsafeRawBufferPointer(buffer), source: source, limits: limits)
        }
    }

    /// Reads a JSON file.
    package static func load(
        _ path: String, limits: JSONLimits = JSONLimits()
    ) throws(WeightError) -> JSONValue {
        try parse(try readFile(path, limit: limits.byteCount), source: path, limits: limits)
    }
}

extension JSONObject {
    /// Reads a JSON file that holds an object.
    package static func load(
        _ path: String, limits: JSONLimits = JSONLimits()
    ) throws(WeightError) -> JSONObject {
        let value = try JSONValue.load(path, limits: limits)
        guard case .object(let object) = value else {
            throw .json(source: path, offset: 0, problem: "expected an object, found \(value.kind)")
        }
        return object
    }
}

/// A recursive-descent parser over bytes.
struct JSONParser {
    let bytes: UnsafeRawBufferPointer
    let source: String
    let limits: JSONLimits
    private var position = 0
    private var valueCount = 0

    init(bytes: UnsafeRawBufferPointer, source: String, limits: JSONLimits) {
        self.bytes = bytes
        self.source = source
        self.limits = limits
    }

    /// One value with nothing but white space around it.
    mutating func parseText() throws(WeightError) -> JSONValue {
        skipSpace()
        let value = try parseValue(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw error("unexpected text after the value") }
        return value
    }

    private mutating func parseValue(depth: Int) throws(WeightError) -> JSONValue {
        valueCount += 1
        guard valueCount <= limits.valueCount else {
            throw error("more than \(limits.valueCount) values")
        }
        guard let byte = peek() else { throw error("unexpected end") }
        switch byte {
        case UInt8(ascii: "{"): return .object(try parseObject(depth: depth + 1))
        case UInt8(ascii: "["): return .array(try parseArray(depth: depth + 1))
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "N") where limits.readsPythonConstants:
            return try parseWord("NaN", .null)
        case UInt8(ascii: "I") where limits.readsPythonConstants:
            return try parseWord("Infinity", .null)
        case UInt8(ascii: "-") where limits.readsPythonConstants && peek(1) == UInt8(ascii: "I"):
            return try parseWord("-Infinity", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
        case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
        case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
        case UInt8(ascii: "n"): return try parseWord("null", .null)
        case UInt8(ascii: "N"), UInt8(ascii: "I"):
            throw error("NaN and Infinity are not JSON")
        default: throw error("expected a value")
        }
    }

    private mutating func parseObject(depth: Int) throws(WeightError) -> JSONObject {
        try enter(depth)
        var object = JSONObject()
        if skip(UInt8(ascii: "}")) { return object }
        while true {
            let start = position
            guard peek() == UInt8(ascii: "\"") else { throw error("expected a key") }
            let key = try parseString()
            skipSpace()
            guard skip(UInt8(ascii: ":")) else { throw error("expected \":\"") }
            let value = try parseValue(depth: depth)
            guard object.insert(key, value) else {
                throw error("key \"\(key)\" is there twice", at: start)
            }
            skipSpace()
            if skip(UInt8(ascii: "}")) { return object }
            guard skip(UInt8(ascii: ",")) else { throw error("expected \",\" or \"}\"") }
        }
    }

    private mutating func parseArray(depth: Int) throws(WeightError) -> [JSONValue] {
        try enter(depth)
        var array: [JSONValue] = []
        if skip(UInt8(ascii: "]")) { return array }
        while true {
            array.append(try parseValue(depth: depth))
            skipSpace()
            if skip(UInt8(ascii: "]")) { return array }
            guard skip(UInt8(ascii: ",")) else { throw error("expected \",\" or \"]\"") }
        }
    }

    private mutating func enter(_ depth: Int) throws(WeightError) {
        guard depth <= limits.depth else { throw error("nested deeper than \(limits.depth)") }
        position += 1
        skipSpace()
    }

    private mutating func parseWord(
        _ word: StaticString, _ value: JSONValue
    ) throws(WeightError) -> JSONValue {
        var index = 0
        while index < word.utf8CodeUnitCount {
            guard position + index < bytes.count,
                bytes[position + index] == word.utf8Start[index]
            else { throw error("expected \"\(word)\"") }
            index += 1
        }
        position += index
        return value
    }

    // MARK: Small steps

    @inline(__always)
    mutating func advance(_ count: Int) { position += count }

    /// Moves to the next quote, backslash or control character, or to the end.
    mutating func skipPlainText() {
        var index = position
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
            index &+= 1
        }
        position = index
    }

    @inline(__always)
    func peek(_ ahead: Int = 0) -> UInt8? {
        position + ahead < bytes.count ? bytes[position + ahead] : nil
    }

    /// The bytes from an earlier position to this one.
    func slice(from start: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[start..<position])
    }

    /// The position in bytes from the beginning.
    var offset: Int { position }

    func error(_ problem: String, at offset: Int? = nil) -> WeightError {
        .json(source: source, offset: offset ?? position, problem: problem)
    }

    /// Skips one byte if it is `byte`, and white space behind it.
    private mutating func skip(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        skipSpace()
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }
}

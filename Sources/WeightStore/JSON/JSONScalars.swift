/// Strings and numbers.
extension JSONParser {
    /// A string; the position is on its opening quote.
    mutating func parseString() throws(WeightError) -> String {
        let opening = offset
        advance(1)
        let start = offset
        skipPlainText()
        switch peek() {
        case UInt8(ascii: "\""):
            let text = try text(slice(from: start), at: start)
            advance(1)
            return text
        case UInt8(ascii: "\\"): return try parseEscapedString(start: start, opening: opening)
        case nil: throw error("a string without end", at: opening)
        default: throw error("control character in a string")
        }
    }

    /// The same for a string with escapes, from its first backslash on.
    private mutating func parseEscapedString(
        start: Int, opening: Int
    ) throws(WeightError) -> String {
        var result = [UInt8](slice(from: start))
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\""):
                advance(1)
                return try result.withUnsafeBufferPointer { buffer throws(WeightError) in
                    try text(UnsafeRawBufferPointer(buffer), at: start)
                }
            case UInt8(ascii: "\\"): result += try parseEscape()
            case 0..<0x20: throw error("control character in a string")
            default:
                let start = offset
                skipPlainText()
                result += slice(from: start)
            }
        }
        throw error("a string without end", at: opening)
    }

    private func text(
        _ bytes: UnsafeRawBufferPointer, at start: Int
    ) throws(WeightError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw error("a string that is not UTF-8", at: start)
        }
        return text
    }

    /// The bytes of one escape; the position is on its backslash.
    private mutating func parseEscape() throws(WeightError) -> [UInt8] {
        guard let letter = peek(1) else { throw error("unexpected end") }
        let simple: UInt8? =
            switch letter {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): letter
            case UInt8(ascii: "b"): 0x08
            case UInt8(ascii: "f"): 0x0C
            case UInt8(ascii: "n"): 0x0A
            case UInt8(ascii: "r"): 0x0D
            case UInt8(ascii: "t"): 0x09
            default: nil
            }
        if let simple {
            advance(2)
            return [simple]
        }
        guard letter == UInt8(ascii: "u") else { throw error("an unknown escape") }
        let scalar = try parseUnicodeEscape()
        return Array(String(scalar).utf8)
    }

    /// `\uXXXX`, or two of them that are a surrogate pair.
    private mutating func parseUnicodeEscape() throws(WeightError) -> Unicode.Scalar {
        let start = offset
        let first = try parseFourDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, peek() == UInt8(ascii: "\\"), peek(1) == UInt8(ascii: "u") else {
            throw error("half of a surrogate pair", at: start)
        }
        let second = try parseFourDigits()
        guard 0xDC00...0xDFFF ~= second,
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw error("half of a surrogate pair", at: start) }
        return scalar
    }

    /// The four hexadecimal digits after `\u`; the position is on the backslash.
    private mutating func parseFourDigits() throws(WeightError) -> UInt32 {
        var value: UInt32 = 0
        for index in 2..<6 {
            guard let byte = peek(index), let digit = hexadecimalValue(byte) else {
                throw error("\\u needs four hexadecimal digits")
            }
            value = value << 4 | digit
        }
        advance(6)
        return value
    }

    /// A number; the position is on its sign or first digit.
    mutating func parseNumber() throws(WeightError) -> JSONValue {
        let start = offset
        if peek() == UInt8(ascii: "-") { advance(1) }
        let isZero = peek() == UInt8(ascii: "0")
        let digits = skipDigits()
        guard digits > 0 else { throw error("expected a digit") }
        guard !isZero || digits == 1 else { throw error("a number begins with 0", at: start) }
        var isInteger = true
        if peek() == UInt8(ascii: ".") {
            isInteger = false
            advance(1)
            guard skipDigits() > 0 else { throw error("expected a digit") }
        }
        if let byte = peek(), byte | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            advance(1)
            if let sign = peek(), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
                advance(1)
            }
            guard skipDigits() > 0 else { throw error("expected a digit") }
        }
        return try number(String(decoding: slice(from: start), as: UTF8.self), isInteger, start)
    }

    private func number(
        _ text: String, _ isInteger: Bool, _ start: Int
    ) throws(WeightError) -> JSONValue {
        // "-0" stays a number: the integer would lose its sign.
        if isInteger, text != "-0", let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else {
            throw error("a number out of range", at: start)
        }
        return .number(value)
    }

    private mutating func skipDigits() -> Int {
        let start = offset
        while let byte = peek(), UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { advance(1) }
        return offset - start
    }
}

private func hexadecimalValue(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
}

// "Key: value, Key: "quoted, value"": the last line of a `parameters` text.

/// Writes and reads the settings line.
///
/// It reads what the web UI's regular expression finds, in one pass: a key of two or more word
/// characters, blanks, `-`, `/`, a colon, and a value in JSON's quotes or up to the next comma.
/// What stands between and is no setting is passed over.
/// - Source: AUTOMATIC1111 stable-diffusion-webui, `re_param` of `infotext_utils.py`.
enum SettingsLine {
    /// The line that says these settings.
    static func text(of settings: [GenerationParameters.Setting]) -> String {
        settings.map { "\($0.key): \(needsQuotes($0.value) ? quoted($0.value) : $0.value)" }
            .joined(separator: ", ")
    }

    /// The settings that a line holds, in order.
    static func settings(
        in line: Substring.UnicodeScalarView
    ) -> [GenerationParameters.Setting] {
        var reader = SettingsReader(scalars: Array(line))
        return reader.readAll()
    }

    private static func needsQuotes(_ value: String) -> Bool {
        guard let first = value.unicodeScalars.first, let last = value.unicodeScalars.last else {
            return false
        }
        return first.properties.isWhitespace || last.properties.isWhitespace || first == "\""
            || value.unicodeScalars.contains { $0 == "," || $0 == ":" || $0.value < 0x20 }
    }

    /// A JSON string, as Python's `json.dumps(…, ensure_ascii=False)` writes it.
    private static func quoted(_ value: String) -> String {
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{8}": text += "\\b"
            case "\u{C}": text += "\\f"
            case "\0"..<" ":
                let hex = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}

private struct SettingsReader {
    let scalars: [Unicode.Scalar]
    var position = 0

    init(scalars: [Unicode.Scalar]) {
        self.scalars = scalars
    }

    mutating func readAll() -> [GenerationParameters.Setting] {
        var settings: [GenerationParameters.Setting] = []
        while position < scalars.count {
            guard scalars[position].isWord else {
                position += 1
                continue
            }
            guard let key = readKey() else { continue }
            skipBlanks()
            settings.append(.init(key, readValue()))
        }
        return settings
    }

    /// The key at `position`, and past its colon; nil, past what cannot begin one, without a key.
    private mutating func readKey() -> String? {
        let start = position
        while position < scalars.count, scalars[position].isInKey {
            position += 1
        }
        guard position - start >= 2, position < scalars.count, scalars[position] == ":" else {
            return nil
        }
        position += 1
        return String(String.UnicodeScalarView(scalars[start..<position - 1]))
    }

    private mutating func skipBlanks() {
        while position < scalars.count, scalars[position].properties.isWhitespace {
            position += 1
        }
    }

    /// The value at `position`, and past its comma.
    private mutating func readValue() -> String {
        let start = position
        let end = quotedEnd() ?? scalars[start...].firstIndex(of: ",") ?? scalars.count
        position = min(end + 1, scalars.count)
        let value = scalars[start..<end]
        return unquoted(value) ?? String(String.UnicodeScalarView(value))
    }

    /// Where the quoted value at `position` ends; nil when none does before a comma or the end.
    private func quotedEnd() -> Int? {
        guard position < scalars.count, scalars[position] == "\"" else { return nil }
        var index = position + 1
        while index < scalars.count, scalars[index] != "\"" {
            index += scalars[index] == "\\" ? 2 : 1
        }
        let end = index + 1
        guard index < scalars.count, end == scalars.count || scalars[end] == "," else { return nil }
        return end
    }
}

extension Unicode.Scalar {
    /// Python's `\w`: letters, digits of any script, `_`.
    fileprivate var isWord: Bool {
        if isASCII {
            // Most text is; the tables behind `properties` are slow.
            return self == "_" || ("0"..."9") ~= self || ("a"..."z") ~= self || ("A"..."Z") ~= self
        }
        return switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            true
        default:
            self == "_" || properties.numericType != nil
        }
    }

    fileprivate var isInKey: Bool {
        isWord || self == " " || self == "-" || self == "/"
    }
}

/// The text of a JSON string, nil when it is none.
private func unquoted(_ text: ArraySlice<Unicode.Scalar>) -> String? {
    guard text.count >= 2, text.first == "\"", text.last == "\"" else { return nil }
    var units: [UInt16] = []
    var rest = text.dropFirst().dropLast()
    while let scalar = rest.popFirst() {
        guard scalar != "\"", scalar.value >= 0x20 else { return nil }
        guard scalar == "\\" else {
            units.append(contentsOf: UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter)
            continue
        }
        guard let unit = escaped(&rest) else { return nil }
        units.append(unit)
    }
    return String(decoding: units, as: UTF16.self)
}

/// The UTF-16 unit that an escape stands for; `rest` begins after the backslash.
private func escaped(_ rest: inout ArraySlice<Unicode.Scalar>) -> UInt16? {
    switch rest.popFirst() {
    case "\"": return 0x22
    case "\\": return 0x5C
    case "/": return 0x2F
    case "b": return 0x08
    case "f": return 0x0C
    case "n": return 0x0A
    case "r": return 0x0D
    case "t": return 0x09
    case "u":
        let digits = rest.prefix(4)
        rest = rest.dropFirst(4)
        let hex = String(String.UnicodeScalarView(digits))
        guard hex.utf8.count == 4, hex.utf8.allSatisfy({ $0 != UInt8(ascii: "+") }) else {
            return nil
        }
        return UInt16(hex, radix: 16)
    default: return nil
    }
}

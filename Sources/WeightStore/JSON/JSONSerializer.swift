extension JSONValue {
    /// The text as UTF-8, without white space, or indented by two spaces and ended by a newline.
    ///
    /// Reading it gives an equal value: numbers are written with the fewest digits that name them.
    /// A number that is not finite, which JSON cannot hold, becomes `null`.
    package func serialized(pretty: Bool = false) -> [UInt8] {
        var text: [UInt8] = []
        append(to: &text, indent: pretty ? 0 : nil)
        if pretty { text.append(UInt8(ascii: "\n")) }
        return text
    }

    private func append(to text: inout [UInt8], indent: Int?) {
        switch self {
        case .null: text += "null".utf8
        case .bool(let value): text += (value ? "true" : "false").utf8
        case .integer(let value): text += String(value).utf8
        case .number(let value): text += (value.isFinite ? "\(value)" : "null").utf8
        case .string(let value): appendString(value, to: &text)
        case .array(let values):
            appendList(values, "[", "]", to: &text, indent) { text, value, indent in
                value.append(to: &text, indent: indent)
            }
        case .object(let object):
            appendList(object, "{", "}", to: &text, indent) { text, pair, indent in
                appendString(pair.0, to: &text)
                text += (indent == nil ? ":" : ": ").utf8
                pair.1.append(to: &text, indent: indent)
            }
        }
    }
}

extension JSONObject {
    /// The text as UTF-8; see `JSONValue.serialized`.
    package func serialized(pretty: Bool = false) -> [UInt8] {
        JSONValue.object(self).serialized(pretty: pretty)
    }
}

private func appendList<Items: Sequence>(
    _ items: Items, _ opening: String, _ closing: String, to text: inout [UInt8], _ indent: Int?,
    _ appendItem: (inout [UInt8], Items.Element, Int?) -> Void
) {
    text += opening.utf8
    var isEmpty = true
    for item in items {
        if !isEmpty { text.append(UInt8(ascii: ",")) }
        isEmpty = false
        if let indent { appendLineBreak(indent + 1, to: &text) }
        appendItem(&text, item, indent.map { $0 + 1 })
    }
    if let indent, !isEmpty { appendLineBreak(indent, to: &text) }
    text += closing.utf8
}

private func appendLineBreak(_ indent: Int, to text: inout [UInt8]) {
    text.append(UInt8(ascii: "\n"))
    text += repeatElement(UInt8(ascii: " "), count: 2 * indent)
}

private func appendString(_ string: String, to text: inout [UInt8]) {
    text.append(UInt8(ascii: "\""))
    for byte in string.utf8 {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
        case 0x0A: text += "\\n".utf8
        case 0x0D: text += "\\r".utf8
        case 0x09: text += "\\t".utf8
        case 0..<0x20, 0x7F:
            text += (byte < 0x10 ? "\\u000" : "\\u00").utf8
            text += String(byte, radix: 16).utf8
        default: text.append(byte)
        }
    }
    text.append(UInt8(ascii: "\""))
}

extension JSONValue {
    /// The value as compact JSON text, for messages.
    package var text: String { String(decoding: serialized(), as: UTF8.self) }
}

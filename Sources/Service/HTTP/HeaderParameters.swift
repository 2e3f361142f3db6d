/// A header's value and its parameters, their names in lower case: `form-data; name="image"`.
///
/// Of parameters that come twice the first counts; what is no parameter is passed over.
/// - Source: RFC 9110, section 5.6.6; quoted strings as in section 5.6.4.
func headerParameters(_ text: String) -> (value: String, parameters: [String: String]) {
    var rest = text[...]
    let value = rest.prefix { $0 != ";" }
    rest = rest.dropFirst(value.count)
    var parameters: [String: String] = [:]
    while rest.popFirst() != nil {
        let name = trimmed(rest.prefix { $0 != "=" && $0 != ";" }).lowercased()
        rest = rest.drop { $0 != "=" && $0 != ";" }
        guard rest.first == "=" else { continue }
        rest = rest.dropFirst().drop(while: \.isWhitespace)
        let content = rest.first == "\"" ? quoted(&rest) : trimmed(rest.prefix { $0 != ";" })
        rest = rest.drop { $0 != ";" }
        parameters[name] = parameters[name] ?? content
    }
    return (trimmed(value).lowercased(), parameters)
}

/// Takes a string in quotation marks off, and resolves its backslashes.
private func quoted(_ rest: inout Substring) -> String {
    var content = ""
    rest.removeFirst()
    while let character = rest.popFirst(), character != "\"" {
        if character == "\\" {
            if let escaped = rest.popFirst() { content.append(escaped) }
        } else {
            content.append(character)
        }
    }
    return content
}

private func trimmed(_ text: Substring) -> String {
    let start = text.drop(while: \.isWhitespace)
    return String(start.reversed().drop(while: \.isWhitespace).reversed())
}

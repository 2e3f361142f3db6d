/// One event of a stream.
package struct ServerSentEvent: Equatable, Sendable {
    package var name: String
    package var data: String
}

/// Takes a stream apart into its events, piece by piece.
/// - Source: WHATWG HTML, section 9.2.6; without `id` and `retry`, which the daemon's clients on
///   this machine do not need.
struct ServerSentEventParser {
    private var line: [UInt8] = []
    private var name = ""
    private var data: [String] = []
    private var endedWithReturn = false

    /// The events that `bytes` complete.
    mutating func events(in bytes: some Sequence<UInt8>) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        for byte in bytes {
            defer { endedWithReturn = byte == UInt8(ascii: "\r") }
            switch byte {
            case UInt8(ascii: "\n") where endedWithReturn: continue
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                if let event = endLine() { events.append(event) }
            default: line.append(byte)
            }
        }
        return events
    }

    private mutating func endLine() -> ServerSentEvent? {
        defer { line.removeAll(keepingCapacity: true) }
        guard !line.isEmpty else {
            defer { (name, data) = ("", []) }
            guard !data.isEmpty else { return nil }
            return ServerSentEvent(
                name: name.isEmpty ? "message" : name, data: data.joined(separator: "\n"))
        }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = line[min(colon + 1, line.endIndex)...]
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        let text = String(decoding: value, as: UTF8.self)
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "event": name = text
        case "data": data.append(text)
        default: break
        }
        return nil
    }
}

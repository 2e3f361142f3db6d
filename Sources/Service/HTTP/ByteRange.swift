/// A `Range` header's answer.
/// - Source: RFC 9110, section 14; one range, others are answered with the whole.
enum ByteRange: Equatable {
    /// No range, or one that may be ignored.
    case whole
    /// These bytes, none of them beyond the end.
    case part(Range<Int>)
    /// A range that begins beyond the end.
    case unsatisfiable

    /// - Parameters:
    ///   - header: `bytes=0-99`, `bytes=100-` or `bytes=-100`; nil for none.
    ///   - size: bytes of the whole.
    init(_ header: String?, size: Int) {
        guard let header, header.utf8.count <= 100, header.lowercased().hasPrefix("bytes=") else {
            self = .whole
            return
        }
        let parts = header.dropFirst("bytes=".count).split(
            separator: "-", maxSplits: 1, omittingEmptySubsequences: false
        ).map { $0.filter { $0 != " " && $0 != "\t" } }
        guard parts.count == 2, let bounds = Self.bounds(parts[0], parts[1], size: size) else {
            self = .whole
            return
        }
        self = bounds.isEmpty ? .unsatisfiable : .part(bounds)
    }

    /// Nil for what is no range; empty for one outside.
    private static func bounds(_ first: String, _ last: String, size: Int) -> Range<Int>? {
        if first.isEmpty {
            guard let suffix = number(last) else { return nil }
            return max(0, size - suffix)..<size
        }
        guard let start = number(first) else { return nil }
        if last.isEmpty { return start < size ? start..<size : 0..<0 }
        guard let end = number(last), end >= start else { return nil }
        return start < size ? start..<min(size, end == .max ? end : end + 1) : 0..<0
    }

    /// Digits only; what is beyond all files counts as the largest number.
    private static func number(_ text: String) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text) ?? .max
    }
}

import Jobs

/// The parts of a `multipart/form-data` body, in its order.
/// - Source: RFC 7578 and RFC 2046, section 5.1. No library that the package could depend on
///   reads them.
struct MultipartForm {
    struct Part {
        let name: String
        /// The bytes as they came; of files and plain values alike.
        let content: ArraySlice<UInt8>
    }

    let parts: [Part]

    private static let maximumParts = 64
    private static let maximumHeaderBytes = 4096

    /// - Parameters:
    ///   - contentType: the request's `Content-Type`, which names the boundary.
    /// - Throws: `RequestProblem` where the body is no such form.
    init(_ body: [UInt8], contentType: String) throws(RequestProblem) {
        let (_, parameters) = headerParameters(contentType)
        guard let boundary = parameters["boundary"], (1...70).contains(boundary.utf8.count) else {
            throw Self.problem("a boundary of 1 to 70 characters in Content-Type", "none")
        }
        // The first delimiter may stand at the very beginning.
        let delimiter = Array("\r\n--\(boundary)".utf8)
        var rest = body[...]
        if rest.starts(with: delimiter.dropFirst(2)) {
            rest = rest.dropFirst(delimiter.count - 2)
        } else if let first = rest.firstRange(ofBytes: delimiter) {
            rest = rest[first.upperBound...]
        } else {
            throw Self.problem("the boundary that Content-Type names", "none")
        }
        var parts: [Part] = []
        while !rest.starts(with: Array("--".utf8)) {
            guard parts.count < Self.maximumParts else {
                throw Self.problem("at most \(Self.maximumParts) fields", "more")
            }
            let headers = try Self.headers(&rest)
            guard let end = rest.firstRange(ofBytes: delimiter) else {
                throw Self.problem("a boundary behind each field", "the end")
            }
            parts.append(
                Part(name: try Self.name(in: headers), content: rest[..<end.lowerBound]))
            rest = rest[end.upperBound...]
        }
        self.parts = parts
    }

    /// Takes the header lines of a part off, up to the empty line that ends them.
    private static func headers(
        _ rest: inout ArraySlice<UInt8>
    ) throws(RequestProblem) -> [Substring] {
        let lineEnd = Array("\r\n".utf8)
        // White space may follow a boundary.
        let start = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        let end = start.prefix(maximumHeaderBytes).firstRange(ofBytes: lineEnd + lineEnd)
        guard start.starts(with: lineEnd), let end,
            let text = String(validating: start[..<end.lowerBound], as: UTF8.self)
        else {
            throw problem(
                "header lines of at most \(maximumHeaderBytes) bytes before each field", "others")
        }
        rest = start[end.upperBound...]
        return text.split(separator: "\r\n")
    }

    private static func name(in headers: [Substring]) throws(RequestProblem) -> String {
        for line in headers {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "content-disposition" else { continue }
            let (value, parameters) = headerParameters(String(parts[1]))
            if value == "form-data", let name = parameters["name"], !name.isEmpty { return name }
        }
        throw problem("Content-Disposition: form-data; name=… before each field", "none")
    }

    private static func problem(_ expected: String, _ found: String) -> RequestProblem {
        RequestProblem(field: "", expected: "a form with \(expected)", found: found)
    }
}

extension ArraySlice<UInt8> {
    /// Where `pattern`, which is not empty, is found first. The standard library's own search is slow
    /// on megabytes.
    fileprivate func firstRange(ofBytes pattern: [UInt8]) -> Range<Int>? {
        var rest = self
        while let start = rest.firstIndex(of: pattern[0]) {
            rest = rest[start...]
            if rest.starts(with: pattern) { return start..<start + pattern.count }
            rest.removeFirst()
        }
        return nil
    }
}

internal import FoundationEssentials
internal import WeightStore

/// One line of a batch: a request with the daemon's fields, as a JSON object.
///
/// Pictures may be named instead of being given: `"image": "@sketch.png"`, counted from the folder of
/// the batch.
package struct BatchLine: Sendable {
    /// Counted from 1, blank lines too.
    package let number: Int
    package let text: String

    /// The lines of a file that say something.
    package static func lines(of text: String) -> [BatchLine] {
        text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            .filter { !$0.element.allSatisfy(\.isWhitespace) }
            .map { BatchLine(number: $0.offset + 1, text: String($0.element)) }
    }

    /// What tells whether it is still the line that was drawn.
    var digest: String { SHA256.digest(of: Array(text.utf8)) }

    /// What a picture's file is called.
    func fileName(picture: Int, of count: Int) -> String {
        let digits = "\(number)"
        let padded = String(repeating: "0", count: max(0, 6 - digits.count)) + digits
        return count > 1 ? "\(padded)-\(picture + 1).png" : "\(padded).png"
    }

    /// The request.
    /// - Parameter folder: where the pictures that it names stand.
    func request(folder: String) throws -> JobRequest {
        let value: JSONValue
        do {
            value = try JSONValue.parse(Array(text.utf8), source: "line \(number)")
        } catch {
            throw RequestProblem(field: "", expected: "a JSON object", found: "\(error)")
        }
        guard var object = value.object else { return try JobRequest(json: value) }
        for input in JobInput.allCases {
            try input.replace(in: &object) { value in
                guard let name = value.string, name.hasPrefix("@") else { return nil }
                let path = name.dropFirst().hasPrefix("/") ? "" : folder + "/"
                let bytes = try readFile(path + name.dropFirst())
                return .string(Data(bytes).base64EncodedString())
            }
        }
        var request = try JobRequest(json: .object(object))
        // The same each time, whoever draws the line.
        request.seed = request.seed ?? seed
        return request
    }

    private var seed: UInt64 {
        let digest = SHA256.digest(of: Array("\(number):\(text)".utf8))
        return UInt64(digest.prefix(8), radix: 16) ?? 0
    }
}

import Jobs
import WeightStore

/// Reads fields of a foreign interface's JSON; null is as good as absent.
struct FieldReader {
    let object: JSONObject

    /// The value of `key`; nil where it is absent.
    func read<Value>(
        _ key: String, _ expected: String, _ convert: (JSONValue) -> Value?
    ) throws(RequestProblem) -> Value? {
        guard let found = object[key], found != .null else { return nil }
        guard let value = convert(found) else {
            throw RequestProblem(field: key, expected: expected, found: shown(found))
        }
        return value
    }

    func text(_ key: String) throws(RequestProblem) -> String? {
        try read(key, "a string", \.string)
    }

    func flag(_ key: String) throws(RequestProblem) -> Bool? {
        try read(key, "true or false", \.bool)
    }

    func integer(_ key: String, in range: ClosedRange<Int>) throws(RequestProblem) -> Int? {
        try read(key, "an integer in \(range)") { value in
            value.int.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// How much of a picture may change.
    func strength(_ key: String) throws(RequestProblem) -> Double? {
        try read(key, "a number above 0, at most 1") { value in
            value.double.flatMap { $0 > 0 && $0 <= 1 ? $0 : nil }
        }
    }

    func choice(_ key: String, _ choices: [String]) throws(RequestProblem) -> String? {
        try read(key, "one of " + choices.joined(separator: ", ")) { value in
            value.string.flatMap { choices.contains($0) ? $0 : nil }
        }
    }

    /// A field that another program would heed, and that must be of its kind all the same.
    func nested(_ key: String) throws(RequestProblem) -> JSONObject? {
        try read(key, "an object", \.object)
    }

    private func shown(_ value: JSONValue) -> String {
        switch value {
        case .array, .object: value.kind
        case .string(let text) where text.utf8.count > 80: value.kind
        default: value.text
        }
    }
}

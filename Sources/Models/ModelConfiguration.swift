internal import WeightStore

/// Why a model's configuration cannot be used.
package enum ModelError: Error, CustomStringConvertible {
    /// A configuration key is missing or has a value that makes no sense.
    case invalid(model: String, key: String, expected: String, found: String)
    /// The configuration asks for something that this runtime does not have.
    case unsupported(model: String, key: String, found: String)

    package var description: String {
        switch self {
        case .invalid(let model, let key, let expected, let found):
            "\(model) configuration: \(key) should be \(expected), found \(found)"
        case .unsupported(let model, let key, let found):
            "\(model) configuration: \(key) = \(found) is not supported"
        }
    }
}

/// Reads upstream's configuration keys, with their bounds checked.
struct ConfigurationReader {
    let model: String
    let object: JSONObject

    /// An integer within `range`; `fallback` where the key is absent or null.
    func int(_ key: String, in range: ClosedRange<Int>, default fallback: Int? = nil) throws -> Int
    {
        let expected = range.count == 1 ? "\(range.lowerBound)" : "an integer in \(range)"
        guard let value = present(key) else {
            guard let fallback else { throw invalid(key, expected, nil) }
            return fallback
        }
        guard let number = value.int, range.contains(number) else {
            throw invalid(key, expected, value)
        }
        return number
    }

    /// A positive finite number.
    func positive(_ key: String, default fallback: Double) throws -> Double {
        guard let value = present(key) else { return fallback }
        guard let number = value.double, number > 0, number.isFinite else {
            throw invalid(key, "a positive number", value)
        }
        return number
    }

    func string(_ key: String, default fallback: String) throws -> String {
        guard let value = present(key) else { return fallback }
        guard let text = value.string else { throw invalid(key, "a string", value) }
        return text
    }

    func bool(_ key: String, default fallback: Bool) throws -> Bool {
        guard let value = present(key) else { return fallback }
        guard let flag = value.bool else { throw invalid(key, "true or false", value) }
        return flag
    }

    /// A list of integers within `range`, as many as `count` allows.
    func ints(
        _ key: String, in range: ClosedRange<Int>, count: ClosedRange<Int> = 1...16
    ) throws -> [Int] {
        let value = present(key)
        let numbers = value?.array?.compactMap(\.int) ?? []
        guard count.contains(numbers.count), numbers.count == value?.array?.count,
            numbers.allSatisfy(range.contains)
        else {
            throw invalid(key, "a list of \(count) integers, each in \(range)", value)
        }
        return numbers
    }

    /// One integer for all `count` levels, or a list of `count`.
    func intPerLevel(
        _ key: String, count: Int, in range: ClosedRange<Int>, default fallback: Int? = nil
    ) throws -> [Int] {
        if present(key)?.array != nil {
            let numbers = try ints(key, in: range)
            guard numbers.count == count else {
                throw invalid(key, "\(count) integers", present(key))
            }
            return numbers
        }
        return Array(repeating: try int(key, in: range, default: fallback), count: count)
    }

    /// A list of `count` strings, each one of `known`.
    func names(_ key: String, count: Int, known: Set<String>) throws -> [String] {
        let value = present(key)
        let names = value?.array?.compactMap(\.string) ?? []
        guard names.count == count, names.count == value?.array?.count else {
            throw invalid(key, "a list of \(count) names", value)
        }
        for name in names where !known.contains(name) { throw unsupported(key, name) }
        return names
    }

    /// Throws unless `key` is absent, null, or `value`.
    func require(_ key: String, _ value: JSONValue) throws {
        guard let found = present(key), found != value else { return }
        throw unsupported(key, found.text)
    }

    func present(_ key: String) -> JSONValue? {
        guard let value = object[key], value != .null else { return nil }
        return value
    }

    func invalid(_ key: String, _ expected: String, _ found: JSONValue?) -> ModelError {
        .invalid(model: model, key: key, expected: expected, found: found?.text ?? "nothing")
    }

    func unsupported(_ key: String, _ found: String) -> ModelError {
        .unsupported(model: model, key: key, found: found)
    }
}

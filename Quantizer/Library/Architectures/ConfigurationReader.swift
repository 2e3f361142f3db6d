import WeightStore

/// Reads the keys of an upstream `config.json`, each within bounds, so that no later loop over what it
/// says can run away. A key that is absent has the default that upstream's class gives it.
struct ConfigurationReader {
    /// The file, for messages.
    let path: String
    let object: JSONObject

    /// Bounds of every count and size: far above any published model.
    static let countLimit = 256
    static let sizeLimit = 1 << 20

    func failure(_ key: String, expected: String) -> QuantizerError {
        let found = object[key].map { short($0) } ?? "nothing"
        return .configuration(path: path, key: key, expected: expected, found: found)
    }

    /// Whether the key is there and not null.
    func has(_ key: String) -> Bool { present(key) != nil }

    /// A positive integer. Without a default the key must be there.
    func size(_ key: String, default fallback: Int? = nil, limit: Int = sizeLimit)
        throws(QuantizerError) -> Int
    {
        guard let value = present(key) else {
            guard let fallback else { throw failure(key, expected: "an integer") }
            return fallback
        }
        guard let size = value.int, (1...limit).contains(size) else {
            throw failure(key, expected: "an integer from 1 to \(limit)")
        }
        return size
    }

    /// One positive integer for all levels, or a list with one for each.
    func sizes(
        _ key: String, count: Int, default fallback: Int, limit: Int = sizeLimit
    ) throws(QuantizerError) -> [Int] {
        guard let list = present(key)?.array else {
            let size = try size(key, default: fallback, limit: limit)
            return Array(repeating: size, count: count)
        }
        let sizes = list.compactMap(\.int).filter { (1...limit).contains($0) }
        guard sizes.count == list.count, sizes.count == count else {
            throw failure(key, expected: "\(count) integers from 1 to \(limit)")
        }
        return sizes
    }

    /// A list of positive integers of any reasonable length.
    func sizeList(_ key: String, default fallback: [Int]) throws(QuantizerError) -> [Int] {
        guard let value = present(key) else { return fallback }
        guard let list = value.array, (1...16).contains(list.count) else {
            throw failure(key, expected: "a list of 1 to 16 integers")
        }
        return try sizes(key, count: list.count, default: 1)
    }

    func strings(_ key: String, default fallback: [String]) throws(QuantizerError) -> [String] {
        guard let value = present(key) else { return fallback }
        guard let list = value.array else { throw failure(key, expected: "a list of texts") }
        let texts = list.compactMap(\.string)
        guard texts.count == list.count else { throw failure(key, expected: "a list of texts") }
        return texts
    }

    func string(_ key: String, default fallback: String) throws(QuantizerError) -> String {
        guard let value = present(key) else { return fallback }
        guard let text = value.string else { throw failure(key, expected: "a text") }
        return text
    }

    func flag(_ key: String, default fallback: Bool) throws(QuantizerError) -> Bool {
        guard let value = present(key) else { return fallback }
        guard let flag = value.bool else { throw failure(key, expected: "true or false") }
        return flag
    }

    /// A positive, finite number.
    func number(_ key: String, default fallback: Double) throws(QuantizerError) -> Double {
        guard let value = present(key) else { return fallback }
        guard let number = value.double, number > 0, number.isFinite else {
            throw failure(key, expected: "a number above 0")
        }
        return number
    }

    /// Refuses models that are built differently from the one kind that is known.
    func require(absent keys: [String]) throws(QuantizerError) {
        for key in keys where present(key) != nil && present(key)?.bool != false {
            throw failure(key, expected: "null")
        }
    }

    /// The value unless it is absent or null, which upstream takes for the same.
    private func present(_ key: String) -> JSONValue? {
        guard let value = object[key], value != .null else { return nil }
        return value
    }

    private func short(_ value: JSONValue) -> String {
        let text = String(decoding: value.serialized(), as: UTF8.self)
        return text.count <= 60 ? text : String(text.prefix(60)) + "…"
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Keys and values in the order of insertion.
///
/// Keys are equal when their UTF-8 bytes are, as everywhere outside Swift: "é" in one scalar and in
/// two are different keys. Two objects are equal whatever the order of their keys.
package struct JSONObject: Sendable {
    /// The keys in order.
    package private(set) var keys: [String] = []
    /// The values, in the order of `keys`.
    package private(set) var values: [JSONValue] = []
    // Small objects are searched; a table would cost more than it saves.
    private var positions: [ExactKey: Int] = [:]
    private static let searched = 8

    /// An empty object.
    package init() {}

    /// An object of these pairs; of equal keys the last wins.
    package init(_ pairs: some Sequence<(String, JSONValue)>) {
        for (key, value) in pairs { self[key] = value }
    }

    /// The number of keys.
    package var count: Int { keys.count }

    /// True without keys.
    package var isEmpty: Bool { keys.isEmpty }

    /// The value of `key`; setting nil removes the key, setting a new key appends it.
    package subscript(key: String) -> JSONValue? {
        get { position(of: key).map { values[$0] } }
        set {
            switch (position(of: key), newValue) {
            case (let position?, let value?): values[position] = value
            case (let position?, nil): remove(at: position)
            case (nil, let value?): append(key, value)
            case (nil, nil): break
            }
        }
    }

    /// The object without `key`.
    package func without(_ key: String) -> JSONObject {
        var copy = self
        copy[key] = nil
        return copy
    }

    /// Appends a new key; false, and no change, if it is there.
    mutating func insert(_ key: String, _ value: JSONValue) -> Bool {
        guard keys.count > JSONObject.searched else {
            guard position(of: key) == nil else { return false }
            append(key, value)
            return true
        }
        // Hashing once instead of twice: headers and vocabularies have 100,000 keys.
        let wrapped = ExactKey(text: key)
        if let earlier = positions.updateValue(keys.count, forKey: wrapped) {
            positions[wrapped] = earlier
            return false
        }
        keys.append(key)
        values.append(value)
        return true
    }

    private func position(of key: String) -> Int? {
        if keys.count > JSONObject.searched { return positions[ExactKey(text: key)] }
        let wanted = ExactKey(text: key)
        var index = 0
        while index < keys.count {
            if ExactKey(text: keys[index]) == wanted { return index }
            index += 1
        }
        return nil
    }

    private mutating func append(_ key: String, _ value: JSONValue) {
        keys.append(key)
        values.append(value)
        if keys.count > JSONObject.searched + 1 {
            positions[ExactKey(text: key)] = keys.count - 1
        } else if keys.count == JSONObject.searched + 1 {
            indexAgain()
        }
    }

    private mutating func remove(at position: Int) {
        keys.remove(at: position)
        values.remove(at: position)
        indexAgain()
    }

    private mutating func indexAgain() {
        positions = [:]
        guard keys.count > JSONObject.searched else { return }
        for (index, key) in keys.enumerated() { positions[ExactKey(text: key)] = index }
    }
}

extension JSONObject: Sequence {
    /// The pairs in order.
    package func makeIterator() -> Zip2Sequence<[String], [JSONValue]>.Iterator {
        zip(keys, values).makeIterator()
    }
}

extension JSONObject: Equatable {
    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.allSatisfy { key, value in right[key] == value }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}

/// A string compared and hashed by its UTF-8 bytes, where `String` would take canonically
/// equivalent spellings for one.
package struct ExactKey: Hashable, Sendable {
    /// The string.
    package let text: String

    /// Wraps a string.
    package init(text: String) { self.text = text }

    package static func == (left: ExactKey, right: ExactKey) -> Bool {
        let result = left.text.utf8.withContiguousStorageIfAvailable { left in
            right.text.utf8.withContiguousStorageIfAvailable { right in
                guard left.count == right.count else { return false }
                guard let a = left.baseAddress, let b = right.baseAddress else { return true }
                return memcmp(a, b, left.count) == 0
            }
        }
        return (result ?? nil) ?? left.text.utf8.elementsEqual(right.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        let hashed: Void? = text.utf8.withContiguousStorageIfAvailable { bytes in
            hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
        }
        if hashed == nil { for byte in text.utf8 { hasher.combine(byte) } }
    }
}

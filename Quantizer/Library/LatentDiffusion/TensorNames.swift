import WeightStore

/// The tensors of one network in a larger file, by their names without the network's prefix.
struct TensorNames {
    /// For messages.
    let path: String
    /// What stands before the network's names in the file.
    let prefix: String
    let tensors: [String: CheckpointTensor]

    init(_ source: any CheckpointSource, prefix: String) {
        path = source.path
        self.prefix = prefix
        tensors = Dictionary(
            source.tensors.lazy.filter { $0.name.hasPrefix(prefix) }.map {
                (String($0.name.dropFirst(prefix.count)), $0)
            }, uniquingKeysWith: { first, _ in first })
    }

    func has(_ name: String) -> Bool { tensors[name] != nil }

    /// An extent of a tensor, which must be there and no larger than any model's.
    func extent(_ name: String, _ axis: Int) throws(QuantizerError) -> Int {
        guard let tensor = tensors[name] else {
            throw .missingTensor(path: path, name: prefix + name, shape: [])
        }
        guard axis < tensor.shape.count,
            (1...ConfigurationReader.sizeLimit).contains(tensor.shape[axis])
        else {
            throw .unsupported(
                path: path,
                what: "tensor \"\(printable(prefix + name))\" \(shapeText(tensor.shape)) has no "
                    + "extent of 1 to \(ConfigurationReader.sizeLimit) at place \(axis)")
        }
        return tensor.shape[axis]
    }

    /// How many of `name(0)`, `name(1)`, … there are.
    func count(_ name: (Int) -> String) -> Int {
        (0..<ConfigurationReader.countLimit).first { !has(name($0)) }
            ?? ConfigurationReader.countLimit
    }

    /// The tensors under other names; nil for those that are no weights.
    func renamed(_ name: (String) -> String?) -> [String: RenamedSource.Origin] {
        var origins: [String: RenamedSource.Origin] = [:]
        for (old, tensor) in tensors {
            guard let new = name(old) else { continue }
            origins[new] = RenamedSource.Origin(tensor: tensor)
        }
        return origins
    }
}

extension JSONValue {
    /// A list of numbers.
    static func list(_ numbers: [Int]) -> JSONValue { .array(numbers.map(JSONValue.init(_:))) }

    static func list(_ texts: [String]) -> JSONValue { .array(texts.map(JSONValue.string)) }

    init(_ number: Int) { self = .integer(Int64(number)) }
}

/// `name` with its first parts replaced as `modules` says, the longest that fits.
func replacingModule(
    of name: String, by modules: [String: String]
) -> (module: String, rest: String)? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    for count in (1..<max(parts.count, 1)).reversed() {
        let module = parts[..<count].joined(separator: ".")
        if let new = modules[module] { return (new, parts[count...].joined(separator: ".")) }
    }
    return nil
}

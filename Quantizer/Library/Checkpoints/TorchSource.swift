import WeightStore

/// A file that `torch.save` wrote, in either container.
package final class TorchSource: CheckpointSource {
    package let path: String
    package let tensors: [CheckpointTensor]
    package var files: [String] { [path] }

    private let source: ByteSource
    private let container: Container
    private let views: [String: TorchView]
    private var verified: Set<String> = []

    private enum Container {
        case zip(ZipArchive, prefix: String)
        case legacy(LegacyTorch)
    }

    /// Dictionaries that training tools wrap the weights in, best first: averaged weights come
    /// before those of the last step.
    private static let wrappers = [
        "params_ema", "params", "state_dict", "string_to_param",
    ]

    /// Reads the description of all tensors and none of their numbers.
    package init(_ source: ByteSource) throws(QuantizerError) {
        let container: Container
        let machine: PickleMachine
        let root: PickleValue
        if LegacyTorch.isLegacy(try source.read(at: 0, count: min(64, source.count))) {
            let legacy = try LegacyTorch(source)
            (machine, root) = (legacy.machine, legacy.root)
            container = .legacy(legacy)
        } else {
            let archive = try ZipArchive(source: source)
            let prefix = try Self.prefix(of: archive)
            (machine, root) = try Self.readPickle(archive, prefix)
            container = .zip(archive, prefix: prefix)
        }
        views = try Self.views(in: machine, root)
        tensors = views.map { name, view in
            CheckpointTensor(name: name, type: view.storage.type, shape: view.shape)
        }.sorted { $0.name < $1.name }
        path = source.path
        self.source = source
        self.container = container
    }

    package func read(_ name: String) throws(QuantizerError) -> [Float] {
        guard let view = views[name] else {
            throw .missingTensor(path: path, name: name, shape: [])
        }
        let storage = view.storage
        let begin = try offset(of: storage)
        guard view.count > 0 else { return [] }
        // The run of elements that the view touches, which is the view itself in the usual case.
        let reach = zip(view.shape, view.strides).reduce(0) { $0 + ($1.0 - 1) * $1.1 }
        let run = try source.floats(
            at: begin + view.offset * storage.type.size, count: reach + 1, type: storage.type)
        return view.isContiguous ? run : view.gather(from: run)
    }

    /// Where the bytes of a storage begin; all of them are in the file.
    private func offset(of storage: TorchStorage) throws(QuantizerError) -> Int {
        switch container {
        case .legacy(let legacy): return try legacy.offset(of: storage)
        case .zip(let archive, let prefix):
            let name = prefix + "data/" + storage.key
            guard let entry = archive.entries[name] else {
                throw .malformed(path: path, what: "zip: entry \"\(name)\" is missing")
            }
            guard entry.count >= storage.count * storage.type.size else {
                throw .malformed(
                    path: path,
                    what: "zip: entry \"\(name)\" has \(entry.count) bytes, "
                        + "\(storage.count) numbers of \(storage.type.rawValue) are promised")
            }
            let offset = try archive.offset(of: entry, named: name)
            if verified.insert(name).inserted {
                try archive.verify(entry, named: name, at: offset)
            }
            return offset
        }
    }
}

// MARK: Opening

extension TorchSource {
    /// What stands before `data.pkl`: the name of the archive and a slash.
    private static func prefix(of archive: ZipArchive) throws(QuantizerError) -> String {
        let pickles = archive.entries.keys.filter { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }
        guard let pickle = pickles.min(by: { ($0.utf8.count, $0) < ($1.utf8.count, $1) }) else {
            throw .unsupported(
                path: archive.source.path, what: "a zip file without torch's data.pkl")
        }
        let prefix = String(pickle.dropLast("data.pkl".count))
        if let order = archive.entries[prefix + "byteorder"], order.count < 16 {
            let at = try archive.offset(of: order, named: prefix + "byteorder")
            guard try archive.source.read(at: at, count: order.count) == Array("little".utf8) else {
                throw .unsupported(
                    path: archive.source.path, what: "written on a big-endian machine")
            }
        }
        return prefix
    }

    private static func readPickle(
        _ archive: ZipArchive, _ prefix: String
    ) throws(QuantizerError) -> (PickleMachine, PickleValue) {
        let name = prefix + "data.pkl"
        guard let entry = archive.entries[name], entry.count <= PickleMachine.byteLimit else {
            throw .malformed(path: archive.source.path, what: "its data.pkl is too long")
        }
        let at = try archive.offset(of: entry, named: name)
        try archive.verify(entry, named: name, at: at)
        var machine = PickleMachine(
            bytes: try archive.source.read(at: at, count: entry.count), path: archive.source.path)
        let root = try machine.run()
        return (machine, root)
    }

    /// The tensors of the state dictionary, which is the root or one of `wrappers` in it, or those of a
    /// tuple.
    private static func views(
        in machine: PickleMachine, _ root: PickleValue
    ) throws(QuantizerError) -> [String: TorchView] {
        guard var pairs = dictionary(root, in: machine) ?? tuple(root, in: machine) else {
            throw .unsupported(path: machine.path, what: "holds no dictionary of tensors")
        }
        for wrapper in wrappers {
            if let inner = pairs.last(where: { $0.key == .string(wrapper) }),
                let inside = dictionary(inner.value, in: machine)
            {
                pairs = inside
                break
            }
        }
        var views: [String: TorchView] = [:]
        for (key, value) in pairs {
            guard case .string(let name) = key, case .object(let index) = value,
                case .tensor(let view) = machine.objects[index]
            else { continue }
            guard views.updateValue(view, forKey: name) == nil else {
                throw .malformed(path: machine.path, what: "two tensors are named \"\(name)\"")
            }
        }
        guard !views.isEmpty else {
            throw .unsupported(path: machine.path, what: "holds no dictionary of tensors")
        }
        return views
    }

    /// A tuple's items, named by their places.
    private static func tuple(
        _ value: PickleValue, in machine: PickleMachine
    ) -> [(key: PickleValue, value: PickleValue)]? {
        guard case .object(let index) = value, case .tuple(let items) = machine.objects[index]
        else { return nil }
        return items.enumerated().map { (.string("\($0)"), $1) }
    }

    private static func dictionary(
        _ value: PickleValue, in machine: PickleMachine
    ) -> [(key: PickleValue, value: PickleValue)]? {
        guard case .object(let index) = value, case .dictionary(let pairs) = machine.objects[index]
        else { return nil }
        return pairs
    }
}

extension TorchView {
    /// Whether the elements stand one after the other in row-major order.
    var isContiguous: Bool {
        var expected = 1
        for (extent, stride) in zip(shape, strides).reversed() where extent != 1 {
            guard stride == expected else { return false }
            expected *= extent
        }
        return true
    }

    /// The elements in row-major order; `run` begins at the view's first element.
    func gather(from run: [Float]) -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(count)
        var index = [Int](repeating: 0, count: shape.count)
        var at = 0
        while true {
            result.append(run[at])
            var axis = shape.count - 1
            while axis >= 0 {
                index[axis] += 1
                at += strides[axis]
                if index[axis] < shape[axis] { break }
                at -= strides[axis] * shape[axis]
                index[axis] = 0
                axis -= 1
            }
            if axis < 0 { return result }
        }
    }
}

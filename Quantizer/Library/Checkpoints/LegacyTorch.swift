import WeightStore

/// torch's container from before version 1.6: five pickles (magic number, protocol version, system,
/// object, storage keys), then for each key the count as an int64 and the raw numbers.
struct LegacyTorch {
    let source: ByteSource
    /// Holds what the object's pickle describes.
    let machine: PickleMachine
    /// The object that was saved.
    let root: PickleValue

    private let offsets: [String: (offset: Int, storage: TorchStorage)]

    /// The pickle of 0x1950a86a20f9469cfc6c, without the two bytes that name its protocol.
    private static let magic: [UInt8] = [
        0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
    ]

    /// Whether a file that begins with `head` is in this container.
    static func isLegacy(_ head: [UInt8]) -> Bool {
        head.first == PickleOpcode.proto.rawValue && head.dropFirst(2).starts(with: magic)
    }

    init(_ source: ByteSource) throws(QuantizerError) {
        let window = min(source.count, PickleMachine.byteLimit)
        var machine = PickleMachine(
            bytes: try source.read(at: 0, count: window), at: 2 + Self.magic.count,
            path: source.path)
        guard try machine.run() == .integer(1001) else {
            throw .unsupported(
                path: source.path,
                what: "written in an unknown version of torch's "
                    + "old format")
        }
        try Self.checkByteOrder(try machine.run(), machine)
        root = try machine.run()
        let keys = try Self.keys(try machine.run(), machine)
        offsets = try Self.locate(keys, from: machine.offset, source, machine)
        self.source = source
        self.machine = machine
    }

    /// Where the numbers of `storage` begin; all of them are in the file.
    func offset(of storage: TorchStorage) throws(QuantizerError) -> Int {
        guard let place = offsets[storage.key], place.storage == storage else {
            throw .malformed(path: source.path, what: "storage \"\(storage.key)\" is missing")
        }
        return place.offset
    }

    private static func checkByteOrder(
        _ system: PickleValue, _ machine: PickleMachine
    ) throws(QuantizerError) {
        guard case .object(let index) = system,
            case .dictionary(let pairs) = machine.objects[index],
            pairs.contains(where: { $0.key == .string("little_endian") && $0.value == .bool(true) })
        else {
            throw .unsupported(path: machine.path, what: "written on a big-endian machine")
        }
    }

    private static func keys(
        _ value: PickleValue, _ machine: PickleMachine
    ) throws(QuantizerError) -> [String] {
        guard case .object(let index) = value, case .list(let items) = machine.objects[index] else {
            throw .malformed(path: machine.path, what: "the list of storages is missing")
        }
        var keys: [String] = []
        for item in items {
            guard case .string(let key) = item else {
                throw .malformed(path: machine.path, what: "a storage has no name")
            }
            keys.append(key)
        }
        return keys
    }

    private static func locate(
        _ keys: [String], from begin: Int, _ source: ByteSource, _ machine: PickleMachine
    ) throws(QuantizerError) -> [String: (offset: Int, storage: TorchStorage)] {
        var storages: [String: TorchStorage] = [:]
        for case .storage(let storage) in machine.objects {
            guard storages.updateValue(storage, forKey: storage.key) ?? storage == storage else {
                throw .malformed(
                    path: source.path, what: "storage \"\(storage.key)\" is described twice")
            }
        }
        var offsets: [String: (offset: Int, storage: TorchStorage)] = [:]
        var at = begin
        for key in keys {
            let count = LittleEndian(bytes: try source.read(at: at, count: 8))
                .integer(Int64.self, at: 0)
            guard let storage = storages[key], count == Int64(storage.count) else {
                throw .malformed(
                    path: source.path, what: "storage \"\(key)\" differs from its description")
            }
            at += 8
            guard storage.count * storage.type.size <= source.count - at else {
                throw .malformed(
                    path: source.path, what: "storage \"\(key)\" reaches past the end of the file")
            }
            guard offsets.updateValue((at, storage), forKey: key) == nil else {
                throw .malformed(path: source.path, what: "storage \"\(key)\" is there twice")
            }
            at += storage.count * storage.type.size
        }
        return offsets
    }
}

import WeightStore

/// Walks a pickle as data: a stack, a memo and an arena of lists, dictionaries, tuples, storages and
/// tensors. Nothing is imported, called or executed; an opcode or a global outside of the whitelist
/// ends the walk with its name and place.
///
/// Work and memory are linear in the pickle's length, at most some hundred megabytes. What would
/// unfold into more than `unfoldLimit` values by naming the same ones again and again is refused.
struct PickleMachine {
    /// Values that the whole pickle may stand for, shared ones counted each time.
    static let unfoldLimit = 50_000_000
    /// Bytes that a pickle may have: those of real checkpoints have less than two million.
    static let byteLimit = 16 << 20
    /// Values on the stack, in the memo, in the arena, and copied from lists into dictionaries.
    private static let valueLimit = 2_000_000

    let path: String
    /// The compound values found, referred to by `PickleValue.object`.
    private(set) var objects: [PickleObject] = []

    private var weights: [Int] = []
    private var reader: PickleReader
    private var stack: [PickleValue] = []
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]
    private var copied = 0
    /// Where the opcode at hand stands, for messages.
    private var at = 0

    /// Reads `bytes` from `offset` on. `path` stands in messages.
    init(bytes: [UInt8], at offset: Int = 0, path: String) {
        reader = PickleReader(bytes: bytes, offset: offset)
        self.path = path
    }

    /// Where the next byte stands: after the STOP once `run` is done.
    var offset: Int { reader.offset }

    /// Walks up to STOP and returns the value that is left. Values of earlier runs stay valid.
    mutating func run() throws(QuantizerError) -> PickleValue {
        stack.removeAll()
        marks.removeAll()
        memo.removeAll()
        while true {
            at = reader.offset
            let code = try byte()
            guard let opcode = PickleOpcode(rawValue: code) else {
                throw refused("holds opcode \(hexadecimal(code)), which is not on the whitelist")
            }
            if opcode == .stop { return try pop() }
            try step(opcode)
            guard max(stack.count, marks.count, objects.count) <= Self.valueLimit else {
                throw refused("holds more than \(Self.valueLimit) values")
            }
        }
    }

    func refused(_ what: String) -> QuantizerError {
        .pickle(path: path, offset: at, what: what)
    }

    private mutating func step(_ opcode: PickleOpcode) throws(QuantizerError) {
        switch opcode {
        case .stop: break
        case .proto: try protocolVersion()
        case .frame: _ = try integer(UInt64.self)
        case .none: stack.append(.none)
        case .newTrue: stack.append(.bool(true))
        case .newFalse: stack.append(.bool(false))
        case .binInt: stack.append(.integer(Int(try integer(Int32.self))))
        case .binInt1: stack.append(.integer(Int(try byte())))
        case .binInt2: stack.append(.integer(Int(try integer(UInt16.self))))
        case .long1: try pushLong()
        case .binFloat: try pushFloat()
        case .binUnicode, .binString: try pushText(count: Int(try integer(UInt32.self)))
        case .shortBinUnicode, .shortBinString: try pushText(count: Int(try byte()))
        case .mark: marks.append(stack.count)
        case .pop: try popOrMark()
        case .binPut: try remember(Int(try byte()))
        case .longBinPut: try remember(Int(try integer(UInt32.self)))
        case .memoize: try remember(memo.count)
        case .binGet: try recall(Int(try byte()))
        case .longBinGet: try recall(Int(try integer(UInt32.self)))
        case .emptyList: add(.list([]))
        case .emptyDictionary: add(.dictionary([]))
        case .emptyTuple: add(.tuple([]))
        case .tuple: try addTuple(try popMark())
        case .tuple1: try addTuple(try pop(1))
        case .tuple2: try addTuple(try pop(2))
        case .tuple3: try addTuple(try pop(3))
        case .append: try append(try pop(1))
        case .appends: try append(try popMark())
        case .setItem: try setItems(try pop(2))
        case .setItems: try setItems(try popMark())
        case .global: try pushGlobal(module: try line(), name: try line())
        case .stackGlobal: try stackGlobal()
        case .binPersistentID: try pushStorage()
        case .reduce: try reduce()
        case .build: try build()
        }
    }
}

// MARK: Stack and memo

extension PickleMachine {
    private mutating func byte() throws(QuantizerError) -> UInt8 {
        guard let value = reader.byte() else { throw refused("ends without a STOP") }
        return value
    }

    private mutating func integer<T: FixedWidthInteger>(
        _ type: T.Type
    ) throws(QuantizerError) -> T {
        guard let value = reader.integer(type) else { throw refused("ends inside of a number") }
        return value
    }

    private mutating func line() throws(QuantizerError) -> String {
        guard let value = reader.line() else { throw refused("has a broken name") }
        return value
    }

    private mutating func pop() throws(QuantizerError) -> PickleValue {
        guard stack.count > marks.last ?? 0, let value = stack.popLast() else {
            throw refused("takes from an empty stack")
        }
        return value
    }

    private mutating func pop(_ count: Int) throws(QuantizerError) -> [PickleValue] {
        guard stack.count - (marks.last ?? 0) >= count else {
            throw refused("takes from an empty stack")
        }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popMark() throws(QuantizerError) -> [PickleValue] {
        guard let mark = marks.popLast() else { throw refused("misses a MARK") }
        defer { stack.removeLast(stack.count - mark) }
        return Array(stack[mark...])
    }

    private mutating func popOrMark() throws(QuantizerError) {
        if let mark = marks.last, mark == stack.count {
            marks.removeLast()
        } else {
            _ = try pop()
        }
    }

    private mutating func remember(_ key: Int) throws(QuantizerError) {
        guard let value = stack.last else { throw refused("remembers from an empty stack") }
        guard memo.count < Self.valueLimit else { throw refused("remembers too many values") }
        memo[key] = value
    }

    private mutating func recall(_ key: Int) throws(QuantizerError) {
        guard let value = memo[key] else { throw refused("recalls value \(key), which is not set") }
        stack.append(value)
    }

    private mutating func protocolVersion() throws(QuantizerError) {
        let version = try byte()
        guard (2...5).contains(version) else { throw refused("has protocol \(version)") }
    }

    private mutating func pushFloat() throws(QuantizerError) {
        stack.append(.float(Double(bitPattern: try integer(UInt64.self).byteSwapped)))
    }

    private mutating func pushLong() throws(QuantizerError) {
        let count = Int(try byte())
        guard let bytes = reader.take(count) else { throw refused("ends inside of a number") }
        guard count <= 8 else {
            stack.append(.bigInteger(Array(bytes)))
            return
        }
        var value = 0
        for (index, byte) in bytes.enumerated() { value |= Int(byte) << (8 * index) }
        let unused = 64 - 8 * count
        stack.append(.integer(count == 0 ? 0 : (value << unused) >> unused))
    }

    private mutating func pushText(count: Int) throws(QuantizerError) {
        guard let bytes = reader.take(count) else { throw refused("ends inside of a text") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw refused("has a text that is not UTF-8")
        }
        stack.append(.string(text))
    }
}

// MARK: Compound values

extension PickleMachine {
    private mutating func add(_ object: PickleObject) {
        stack.append(.object(objects.count))
        objects.append(object)
        weights.append(1)
    }

    /// How many values `values` stand for, shared ones counted each time.
    private func weight(of values: [PickleValue]) throws(QuantizerError) -> Int {
        var sum = 0
        for value in values {
            if case .object(let index) = value { sum += weights[index] } else { sum += 1 }
            guard sum <= Self.unfoldLimit else {
                throw refused("would unfold into more than \(Self.unfoldLimit) values")
            }
        }
        return sum
    }

    private mutating func addWeight(of values: [PickleValue], to index: Int) throws(QuantizerError)
    {
        weights[index] += try weight(of: values)
        guard weights[index] <= Self.unfoldLimit else {
            throw refused("would unfold into more than \(Self.unfoldLimit) values")
        }
    }

    private mutating func addTuple(_ items: [PickleValue]) throws(QuantizerError) {
        let sum = try weight(of: items)
        add(.tuple(items))
        weights[objects.count - 1] += sum
    }

    private mutating func append(_ items: [PickleValue]) throws(QuantizerError) {
        guard case .object(let index)? = stack.last, case .list(var list) = objects[index] else {
            throw refused("appends to something that is not a list")
        }
        objects[index] = .tuple([])
        list.append(contentsOf: items)
        objects[index] = .list(list)
        try addWeight(of: items, to: index)
    }

    private mutating func setItems(_ items: [PickleValue]) throws(QuantizerError) {
        guard case .object(let index)? = stack.last, items.count.isMultiple(of: 2) else {
            throw refused("sets an item of something that is not a dictionary")
        }
        try insert(items, into: index)
    }

    private mutating func insert(_ items: [PickleValue], into index: Int) throws(QuantizerError) {
        guard case .dictionary(var pairs) = objects[index] else {
            throw refused("sets an item of something that is not a dictionary")
        }
        objects[index] = .tuple([])
        for at in stride(from: 0, to: items.count, by: 2) {
            pairs.append((items[at], items[at + 1]))
        }
        objects[index] = .dictionary(pairs)
        try addWeight(of: items, to: index)
    }

    /// The state of an ordered dictionary is torch's `_metadata`: version numbers, not weights.
    private mutating func build() throws(QuantizerError) {
        _ = try pop()
        guard case .object(let index)? = stack.last, case .dictionary = objects[index] else {
            throw refused("sets the state of something that is not a dictionary")
        }
    }

    private mutating func stackGlobal() throws(QuantizerError) {
        let names = try pop(2)
        guard case .string(let module) = names[0], case .string(let name) = names[1] else {
            throw refused("names a global by something that is not a text")
        }
        try pushGlobal(module: module, name: name)
    }

    private mutating func pushGlobal(module: String, name: String) throws(QuantizerError) {
        guard let global = PickleGlobal(module: module, name: name) else {
            throw refused("asks for \"\(module).\(name)\", which is not on the whitelist")
        }
        stack.append(.global(global))
    }

    private mutating func pushStorage() throws(QuantizerError) {
        let identifier = try pop()
        guard case .object(let index) = identifier, case .tuple(let parts) = objects[index],
            (5...6).contains(parts.count), parts[0] == .string("storage"),
            case .global(.storage(let type)) = parts[1], case .string(let key) = parts[2],
            case .integer(let count) = parts[4], count >= 0,
            count <= Int.max / type.size, parts.count == 5 || parts[5] == .none
        else {
            throw refused("has a persistent id that names no storage")
        }
        add(.storage(TorchStorage(key: key, type: type, count: count)))
    }
}

// MARK: Whitelisted calls

extension PickleMachine {
    private mutating func reduce() throws(QuantizerError) {
        let parts = try pop(2)
        guard case .global(let global) = parts[0], case .object(let index) = parts[1],
            case .tuple(let arguments) = objects[index]
        else {
            throw refused("calls something that is not a known function")
        }
        switch global {
        case .orderedDictionary: try makeDictionary(arguments)
        case .rebuildTensor: try makeTensor(arguments)
        case .rebuildParameter:
            guard case .object(let data)? = arguments.first, case .tensor = objects[data] else {
                throw refused("has a parameter without a tensor")
            }
            stack.append(.object(data))
        case .size: stack.append(parts[1])
        case .storage: throw refused("makes a storage out of itself")
        }
    }

    /// `OrderedDict()` or `OrderedDict([(key, value), …])`.
    private mutating func makeDictionary(_ arguments: [PickleValue]) throws(QuantizerError) {
        var items: [PickleValue] = []
        if let first = arguments.first {
            guard arguments.count == 1, let pairs = sequence(first) else {
                throw refused("fills a dictionary from something that is not a list")
            }
            for pair in pairs {
                guard let parts = sequence(pair), parts.count == 2 else {
                    throw refused("fills a dictionary from something that is not pairs")
                }
                items += parts
            }
        }
        copied += items.count
        guard copied <= Self.valueLimit else { throw refused("copies too many values") }
        let index = objects.count
        add(.dictionary([]))
        try insert(items, into: index)
    }

    /// `(storage, offset, size, stride, …)`; what follows concerns gradients only.
    private mutating func makeTensor(_ arguments: [PickleValue]) throws(QuantizerError) {
        guard arguments.count >= 4, case .object(let index) = arguments[0],
            case .storage(let storage) = objects[index], case .integer(let offset) = arguments[1],
            let shape = integers(arguments[2]), let strides = integers(arguments[3])
        else {
            throw refused("describes a tensor in an unknown way")
        }
        guard
            let view = TorchView(storage: storage, offset: offset, shape: shape, strides: strides)
        else {
            throw refused("has a tensor \(shapeText(shape)) that reaches outside of its storage")
        }
        add(.tensor(view))
    }

    private func sequence(_ value: PickleValue) -> [PickleValue]? {
        guard case .object(let index) = value else { return nil }
        switch objects[index] {
        case .list(let items), .tuple(let items): return items
        default: return nil
        }
    }

    private func integers(_ value: PickleValue) -> [Int]? {
        guard let items = sequence(value), items.count <= TorchView.rankLimit else { return nil }
        var result: [Int] = []
        for item in items {
            guard case .integer(let number) = item else { return nil }
            result.append(number)
        }
        return result
    }
}

private func hexadecimal(_ byte: UInt8) -> String {
    "0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
}

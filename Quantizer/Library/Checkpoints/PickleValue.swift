import WeightStore

/// A value on a pickle's stack. Compound values live in an arena and are named by their index there,
/// so that no depth of nesting and no cycle can make anything recurse.
enum PickleValue: Equatable {
    case none
    case bool(Bool)
    case integer(Int)
    case float(Double)
    case string(String)
    /// An integer of more than 64 bits, little-endian.
    case bigInteger([UInt8])
    /// A whitelisted name, `module.name`. Nothing is imported.
    case global(PickleGlobal)
    /// Index into the arena.
    case object(Int)
}

/// The names that a pickle may mention.
enum PickleGlobal: Equatable {
    case orderedDictionary
    case rebuildTensor
    case rebuildParameter
    case size
    case storage(DataType)

    init?(module: String, name: String) {
        switch (module, name) {
        case ("collections", "OrderedDict"): self = .orderedDictionary
        case ("torch._utils", "_rebuild_tensor"), ("torch._utils", "_rebuild_tensor_v2"):
            self = .rebuildTensor
        case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
        case ("torch", "Size"): self = .size
        case ("torch", _), ("torch.cuda", _):
            guard let type = DataType(storage: name) else { return nil }
            self = .storage(type)
        default: return nil
        }
    }
}

/// A compound value.
enum PickleObject {
    case list([PickleValue])
    case tuple([PickleValue])
    case dictionary([(key: PickleValue, value: PickleValue)])
    case storage(TorchStorage)
    case tensor(TorchView)
}

/// What a persistent id names: a run of numbers outside of the pickle.
struct TorchStorage: Equatable {
    /// The name under which the container has the bytes.
    let key: String
    let type: DataType
    /// Elements.
    let count: Int
}

/// A tensor: a window with strides over a storage. Every index it can reach is inside.
struct TorchView: Equatable {
    let storage: TorchStorage
    /// Elements from the storage's begin.
    let offset: Int
    let shape: [Int]
    /// In elements, one a dimension.
    let strides: [Int]

    /// Dimensions that a tensor may have.
    static let rankLimit = 16

    /// Elements.
    var count: Int { shape.reduce(1, *) }

    /// `nil` when the window reaches outside of its storage or repeats more elements than it holds.
    init?(storage: TorchStorage, offset: Int, shape: [Int], strides: [Int]) {
        guard shape.count == strides.count, shape.count <= Self.rankLimit, offset >= 0 else {
            return nil
        }
        var count = 1
        var last = offset
        for (extent, stride) in zip(shape, strides) {
            guard extent >= 0, stride >= 0 else { return nil }
            let product = count.multipliedReportingOverflow(by: extent)
            guard !product.overflow else { return nil }
            count = product.partialValue
            if extent > 1 {
                let reach = stride.multipliedReportingOverflow(by: extent - 1)
                let sum = last.addingReportingOverflow(reach.partialValue)
                guard !reach.overflow, !sum.overflow else { return nil }
                last = sum.partialValue
            }
        }
        guard count <= storage.count, count == 0 || last < storage.count else { return nil }
        self.storage = storage
        self.offset = offset
        self.shape = shape
        // The stride of an axis that is never stepped along is arbitrary: keep it out of sums.
        self.strides = zip(shape, strides).map { $0 > 1 ? $1 : 0 }
    }
}

/// A mapped safetensors file of any origin.
package final class SafetensorsFile: Sendable {
    /// The mapping.
    package let file: MappedFile
    /// The text pairs under `__metadata__`.
    package let metadata: [String: String]
    /// The tensors in the order of their bytes.
    package let tensors: [TensorEntry]
    /// Where the data section begins, in bytes.
    package let dataStart: Int
    private let positions: [ExactKey: Int]

    /// Maps the file and checks its header; the data is not read.
    package init(path: String) throws(WeightError) {
        let file = try MappedFile(path: path)
        let header = try SafetensorsHeader.parse(
            bytes: file.bytes, fileSize: file.count, path: path)
        var positions: [ExactKey: Int] = [:]
        positions.reserveCapacity(header.tensors.count)
        for (index, tensor) in header.tensors.enumerated() {
            positions[ExactKey(text: tensor.name)] = index
        }
        self.file = file
        self.positions = positions
        metadata = header.metadata
        tensors = header.tensors
        dataStart = header.dataStart
    }

    /// The tensor of this name, or nil.
    package func entry(_ name: String) -> TensorEntry? {
        positions[ExactKey(text: name)].map { tensors[$0] }
    }

    /// The tensor of this name; throws if there is none.
    package func requiredEntry(_ name: String) throws(WeightError) -> TensorEntry {
        guard let entry = entry(name) else { throw .missing(path: file.path, tensor: name) }
        return entry
    }

    /// A tensor's bytes, little-endian, of any alignment; valid while this object lives.
    package func bytes(_ entry: TensorEntry) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: file.bytes[entry.range])
    }

    /// A floating-point tensor's elements, row-major, as float32. F64 is rounded.
    package func floats(_ name: String) throws(WeightError) -> [Float] {
        let entry = try requiredEntry(name)
        let source = bytes(entry)
        switch entry.type {
        case .f64: return load(source, Double.self) { Float($0) }
        case .f32: return load(source, Float.self) { $0 }
        case .f16: return load(source, Float16.self) { Float($0) }
        case .bf16: return load(source, UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
        default: throw wrongType(entry, expected: "F64, F32, F16 or BF16")
        }
    }

    /// An integer or boolean tensor's elements, row-major.
    package func integers(_ name: String) throws(WeightError) -> [Int] {
        let entry = try requiredEntry(name)
        let source = bytes(entry)
        switch entry.type {
        case .i64: return load(source, Int64.self) { Int($0) }
        case .i32: return load(source, Int32.self) { Int($0) }
        case .i16: return load(source, Int16.self) { Int($0) }
        case .i8: return load(source, Int8.self) { Int($0) }
        case .u8: return load(source, UInt8.self) { Int($0) }
        case .bool: return load(source, UInt8.self) { $0 == 0 ? 0 : 1 }
        default: throw wrongType(entry, expected: "I64, I32, I16, I8, U8 or BOOL")
        }
    }

    private func wrongType(_ entry: TensorEntry, expected: String) -> WeightError {
        .tensor(
            path: file.path, tensor: entry.name, expected: expected,
            found: describe(entry.type, entry.shape))
    }
}

/// The elements of `bytes`, each through `convert`.
private func load<Stored: BitwiseCopyable, Element>(
    _ bytes: UnsafeRawBufferPointer, _: Stored.Type, _ convert: (Stored) -> Element
) -> [Element] {
    let size = MemoryLayout<Stored>.size
    let count = bytes.count / size
    return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
        var index = 0
        while index < count {
            let stored = bytes.loadUnaligned(fromByteOffset: index &* size, as: Stored.self)
            buffer.initializeElement(at: index, to: convert(stored))
            index &+= 1
        }
        initialized = count
    }
}

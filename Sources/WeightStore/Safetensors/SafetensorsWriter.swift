/// A tensor in memory, on its way to a file.
package struct SafetensorsTensor: Sendable, Equatable {
    /// The name, verbatim.
    package var name: String
    /// The type of the elements.
    package var type: DataType
    /// The shape; empty for a scalar.
    package var shape: [Int]
    /// The elements, row-major, little-endian.
    package var bytes: [UInt8]

    /// A tensor of raw bytes, as many as `type` and `shape` say (checked on writing).
    package init(name: String, type: DataType, shape: [Int], bytes: [UInt8]) {
        self.name = name
        self.type = type
        self.shape = shape
        self.bytes = bytes
    }

    /// An F32 tensor.
    package init(name: String, shape: [Int], floats: [Float]) {
        self.init(name: name, type: .f32, shape: shape, bytes: floats.withUnsafeBytes(Array.init))
    }

    /// An I32 tensor.
    package init(name: String, shape: [Int], integers: [Int32]) {
        self.init(name: name, type: .i32, shape: shape, bytes: integers.withUnsafeBytes(Array.init))
    }
}

/// Writes a safetensors file, atomically; tensors stand in the order given.
package func writeSafetensors(
    _ tensors: [SafetensorsTensor], metadata: [String: String] = [:], to path: String
) throws(WeightError) {
    let header = try header(of: tensors, metadata: metadata, path: path)
    let file = try AtomicFile(path: path)
    try file.write(header)
    for tensor in tensors { try file.write(tensor.bytes) }
    try file.commit()
}

/// The bytes of a safetensors file; tensors stand in the order given.
package func safetensorsBytes(
    _ tensors: [SafetensorsTensor], metadata: [String: String] = [:]
) throws(WeightError) -> [UInt8] {
    var bytes = try header(of: tensors, metadata: metadata, path: "")
    for tensor in tensors { bytes += tensor.bytes }
    return bytes
}

private func header(
    of tensors: [SafetensorsTensor], metadata: [String: String], path: String
) throws(WeightError) -> [UInt8] {
    for tensor in tensors {
        let count = elementCount(of: tensor.shape) ?? -1
        let (size, overflow) = count.multipliedReportingOverflow(by: tensor.type.size)
        guard !overflow, size == tensor.bytes.count else {
            throw .tensor(
                path: path, tensor: tensor.name,
                expected: "as many bytes as \(describe(tensor.type, tensor.shape)) has",
                found: "\(tensor.bytes.count)")
        }
    }
    let items = tensors.map { tensor in
        HeaderItem(
            name: tensor.name, type: tensor.type, shape: tensor.shape, size: tensor.bytes.count)
    }
    return try safetensorsHeader(items, metadata: metadata, dataAlignment: 8, path: path)
}

/// A tensor as the header of a file to be written names it.
struct HeaderItem {
    let name: String
    let type: DataType
    let shape: [Int]
    /// Bytes.
    let size: Int
}

/// The length and the JSON text of a header, padded with spaces so that the data section begins at
/// a multiple of `dataAlignment` bytes. Metadata keys are sorted, so equal input gives equal bytes.
func safetensorsHeader(
    _ items: [HeaderItem], metadata: [String: String], dataAlignment: Int, path: String
) throws(WeightError) -> [UInt8] {
    var root = JSONObject()
    if !metadata.isEmpty {
        let pairs = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        root["__metadata__"] = .object(JSONObject(pairs.map { ($0.key, .string($0.value)) }))
    }
    var offset = 0
    for item in items {
        let (end, overflow) = offset.addingReportingOverflow(item.size)
        guard !overflow, item.name.utf8.count <= SafetensorsHeader.nameLimit,
            item.name != "__metadata__"
        else {
            throw .tensor(
                path: path, tensor: item.name, expected: "a name and a size that fit the format",
                found: "\(item.name.utf8.count) bytes of name, \(item.size) of data")
        }
        let fields: JSONObject = [
            "dtype": .string(item.type.rawValue),
            "shape": .array(item.shape.map { .integer(Int64($0)) }),
            "data_offsets": [.integer(Int64(offset)), .integer(Int64(end))],
        ]
        guard root.insert(item.name, .object(fields)) else {
            throw .tensor(
                path: path, tensor: item.name, expected: "each name once", found: "it twice")
        }
        offset = end
    }
    let text = root.serialized()
    guard let total = roundedUp(8 + text.count, to: dataAlignment),
        total - 8 <= SafetensorsHeader.byteLimit
    else {
        throw .header(path: path, problem: "its header would have \(text.count) bytes")
    }
    var bytes = (0..<8).map { UInt8(truncatingIfNeeded: (total - 8) >> (8 * $0)) }
    bytes += text
    bytes += repeatElement(UInt8(ascii: " "), count: total - bytes.count)
    return bytes
}

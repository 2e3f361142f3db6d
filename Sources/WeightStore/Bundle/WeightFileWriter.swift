#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A tensor that a weight file will hold.
package struct PlannedTensor: Sendable, Equatable {
    /// Upstream's name.
    package var name: String
    /// The stored type.
    package var type: DataType
    /// How the bytes will be laid out.
    package var layout: Layout
    /// The true shape.
    package var trueShape: [Int]

    /// Plans a tensor; whether layout, type and shape agree is checked when the file is begun.
    package init(name: String, type: DataType, layout: Layout, trueShape: [Int]) {
        self.name = name
        self.type = type
        self.layout = layout
        self.trueShape = trueShape
    }
}

/// What has become of a weight file.
package struct WrittenFile: Sendable, Equatable {
    /// The size in bytes.
    package let byteCount: Int
    /// The SHA-256 of the whole file, 64 lower-case hexadecimal digits.
    package let sha256: String
}

/// Writes one weight file from front to back, holding no more than a buffer of it in memory.
///
/// The header is written first, from the plan; then the stored bytes of each tensor follow in the
/// order of the plan, in pieces of any size that end where the tensor ends. The file is written in
/// place: it belongs into a folder that itself appears atomically.
package final class WeightFileWriter {
    /// The file being written.
    package let path: String
    private let file: Descriptor
    private let plan: [(name: String, size: Int)]
    private var current = 0
    private var remaining = 0
    private var buffer: [UInt8] = []
    private var digest = SHA256()
    private var byteCount = 0
    private static let bufferSize = 1 << 18

    /// Begins a new file at `path`.
    /// - Parameters:
    ///   - plan: the tensors in order of first use, each name once.
    ///   - metadata: further entries; keys must not be names of tensors, `format` or `version`.
    package init(
        path: String, plan: [PlannedTensor], metadata: [String: String] = [:]
    ) throws(WeightError) {
        let (header, sizes) = try plannedHeader(plan, metadata, path)
        file = try Descriptor(
            path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o666, action: "create")
        // Better now than after an hour of quantizing.
        try file.requireSpace(sizes.reduce(UInt(header.count)) { $0 + UInt($1) })
        self.path = path
        self.plan = zip(plan, sizes).map { ($0.name, $1) }
        buffer.reserveCapacity(WeightFileWriter.bufferSize)
        remaining = sizes.first ?? 0
        try put(header)
    }

    /// The tensor that the next bytes belong to; nil when all are complete.
    package var currentTensor: String? { current < plan.count ? plan[current].name : nil }

    /// Appends stored bytes of the current tensor.
    package func append(_ bytes: UnsafeRawBufferPointer) throws(WeightError) {
        guard !bytes.isEmpty else { return }
        guard current < plan.count, bytes.count <= remaining else {
            throw .tensor(
                path: path, tensor: currentTensor ?? plan.last?.name ?? "",
                expected: "at most \(remaining) more bytes", found: "\(bytes.count)")
        }
        try put(bytes)
        remaining -= bytes.count
        if remaining == 0 {
            current += 1
            remaining = current < plan.count ? plan[current].size : 0
        }
    }

    /// Appends stored bytes of the current tensor.
    package func append(_ bytes: [UInt8]) throws(WeightError) {
        try bytes.withUnsafeBufferPointer { buffer throws(WeightError) in
            try append(UnsafeRawBufferPointer(buffer))
        }
    }

    /// Appends elements of the current tensor as they stand in memory.
    package func append<Element: BitwiseCopyable>(elements: [Element]) throws(WeightError) {
        try elements.withUnsafeBufferPointer { buffer throws(WeightError) in
            try append(UnsafeRawBufferPointer(buffer))
        }
    }

    /// Appends the whole current tensor: checks its name, and fills its last bytes (at most 63) with
    /// zeros.
    package func appendTensor(
        _ name: String, _ bytes: UnsafeRawBufferPointer
    ) throws(WeightError) {
        guard current < plan.count, plan[current].name == name, remaining == plan[current].size
        else {
            throw .tensor(
                path: path, tensor: name, expected: "\(currentTensor ?? "no further tensor") next",
                found: name)
        }
        guard bytes.count <= remaining, remaining - bytes.count < Layout.alignment else {
            throw .tensor(
                path: path, tensor: name, expected: "\(remaining) bytes", found: "\(bytes.count)")
        }
        let zeros = [UInt8](repeating: 0, count: remaining - bytes.count)
        try append(bytes)
        try append(zeros)
    }

    /// Checks that every tensor is complete and syncs the file.
    package func finish() throws(WeightError) -> WrittenFile {
        guard current == plan.count else {
            throw .tensor(
                path: path, tensor: plan[current].name, expected: "\(remaining) more bytes",
                found: "the end")
        }
        try flush()
        try file.synchronize()
        return WrittenFile(byteCount: byteCount, sha256: digest.hexadecimalDigest())
    }

    private func put(_ bytes: [UInt8]) throws(WeightError) {
        try bytes.withUnsafeBufferPointer { buffer throws(WeightError) in
            try put(UnsafeRawBufferPointer(buffer))
        }
    }

    private func put(_ bytes: UnsafeRawBufferPointer) throws(WeightError) {
        digest.update(bytes)
        byteCount += bytes.count
        if buffer.count + bytes.count > WeightFileWriter.bufferSize { try flush() }
        if bytes.count >= WeightFileWriter.bufferSize {
            try file.write(bytes)
        } else {
            buffer += bytes
        }
    }

    private func flush() throws(WeightError) {
        try buffer.withUnsafeBufferPointer { buffer throws(WeightError) in
            try file.write(UnsafeRawBufferPointer(buffer))
        }
        buffer.removeAll(keepingCapacity: true)
    }
}

/// The header of a weight file and the stored size of each tensor in bytes.
private func plannedHeader(
    _ plan: [PlannedTensor], _ extra: [String: String], _ path: String
) throws(WeightError) -> (header: [UInt8], sizes: [Int]) {
    var metadata = extra
    metadata["format"] = formatName
    metadata["version"] = weightFileVersion
    var items: [HeaderItem] = []
    for (index, tensor) in plan.enumerated() {
        guard metadata[tensor.name] == nil, !tensor.trueShape.isEmpty,
            tensor.trueShape.allSatisfy({ $0 > 0 })
        else {
            throw .tensor(
                path: path, tensor: tensor.name,
                expected: "a name that is free and a shape with elements",
                found: describe(tensor.type, tensor.trueShape))
        }
        let form = (type: tensor.type, shape: tensor.trueShape)
        let stored = try tensor.layout.storedShape(
            type: form.type, shape: form.shape, tensor: tensor.name, path: path)
        let size = try tensor.layout.storedByteCount(
            type: form.type, shape: form.shape, tensor: tensor.name, path: path)
        if tensor.layout != .plain {
            metadata[tensor.name] = "\(tensor.layout.rawValue) \(shapeText(form.shape))"
        }
        if tensor.layout == .panel4x8 { try checkScale(after: index, plan, path) }
        items.append(HeaderItem(name: tensor.name, type: form.type, shape: stored, size: size))
    }
    let header = try safetensorsHeader(
        items, metadata: metadata, dataAlignment: dataAlignment, path: path)
    return (header, items.map(\.size))
}

/// An int8 tensor in panels is followed by its scales.
private func checkScale(
    after index: Int, _ plan: [PlannedTensor], _ path: String
) throws(WeightError) {
    let name = plan[index].name + "_scale"
    let shape = [plan[index].trueShape[0]]
    guard index + 1 < plan.count, plan[index + 1].name == name, plan[index + 1].type == .f32,
        plan[index + 1].trueShape == shape
    else {
        throw .tensor(
            path: path, tensor: name, expected: "\(describe(.f32, shape)) after its tensor",
            found: index + 1 < plan.count ? plan[index + 1].name : "the end")
    }
}

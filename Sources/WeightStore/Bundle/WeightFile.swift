/// A tensor of a bundle as it is stored.
package struct StoredTensor: Sendable {
    /// Upstream's name.
    package let name: String
    /// The stored type.
    package let type: DataType
    /// How the bytes are laid out.
    package let layout: Layout
    /// The true shape.
    package let shape: [Int]
    /// The shape of the stored bytes.
    package let storedShape: [Int]
    /// The place in the file; begins and ends at a multiple of 64.
    package let range: Range<Int>
    /// The mapping; keeping the tensor keeps it mapped.
    package let owner: MappedFile

    /// The stored bytes, aligned to 64; valid while `owner` lives.
    package var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: owner.bytes[range])
    }

    /// The first byte, aligned to 64; valid while `owner` lives.
    package var pointer: UnsafeRawPointer {
        guard let pointer = bytes.baseAddress else {
            preconditionFailure("tensor \(name) is empty, which opening its file refuses")
        }
        return pointer
    }
}

/// A stage's mapped weights, every promise of the bundle format checked on opening.
package final class WeightFile: Sendable {
    /// The path it was opened by.
    package let path: String
    /// The mapping.
    package let file: MappedFile
    /// The tensors in order of first use.
    package let tensors: [StoredTensor]
    /// Metadata that is no tensor's layout, `format` and `version` included.
    package let metadata: [String: String]
    private let positions: [ExactKey: Int]
    private let sha256: String?

    /// Maps the file and checks its header; the data is not read.
    /// - Parameter sha256: the digest that `verify` compares with.
    package init(path: String, sha256: String? = nil) throws(WeightError) {
        let source = try SafetensorsFile(path: path)
        try checkFormat(source, path)
        var tensors: [StoredTensor] = []
        var positions: [ExactKey: Int] = [:]
        for entry in source.tensors {
            positions[ExactKey(text: entry.name)] = tensors.count
            tensors.append(try storedTensor(entry, source, path))
        }
        try checkLayoutEntries(source, path)
        try checkScales(tensors, path)
        self.path = path
        self.file = source.file
        self.tensors = tensors
        self.metadata = source.metadata.filter { source.entry($0.key) == nil }
        self.positions = positions
        self.sha256 = sha256
    }

    /// The tensors' names in order of first use.
    package var names: [String] { tensors.map(\.name) }

    /// Whether there is a tensor of this name.
    package func contains(_ name: String) -> Bool { positions[ExactKey(text: name)] != nil }

    /// The tensor of this name; throws if it is missing.
    package func tensor(_ name: String) throws(WeightError) -> StoredTensor {
        guard let position = positions[ExactKey(text: name)] else {
            throw .missing(path: path, tensor: name)
        }
        return tensors[position]
    }

    /// Reads the whole file and compares its SHA-256 with the one that it was opened with; does
    /// nothing if there was none.
    package func verify() throws(WeightError) {
        guard let sha256 else { return }
        let found = try SHA256.digest(ofFile: path)
        guard found == sha256 else {
            throw .damaged(path: path, expected: sha256, found: found)
        }
    }

    /// Says that the whole file is not needed for now.
    package func adviseDontNeed() { file.adviseDontNeed(0..<file.count) }

    /// Asks for the whole file ahead of its use; does not wait.
    package func adviseWillNeed() { file.adviseWillNeed(0..<file.count) }
}

/// The metadata that says what the file is.
let formatName = "inkstone"
/// The version of weight files written and read.
let weightFileVersion = "1"
/// Bytes that the data section begins at a multiple of.
let dataAlignment = 4096

private func checkFormat(_ source: SafetensorsFile, _ path: String) throws(WeightError) {
    guard source.metadata["format"] == formatName else {
        throw .bundle(
            path: path, expected: "a weight file that inkstone-quantize made",
            found: "metadata format \(source.metadata["format"] ?? "none")")
    }
    guard source.metadata["version"] == weightFileVersion else {
        throw .bundle(
            path: path, expected: "weight file version \(weightFileVersion)",
            found: source.metadata["version"] ?? "none")
    }
    guard source.dataStart % dataAlignment == 0 else {
        throw .bundle(
            path: path, expected: "data at a multiple of \(dataAlignment) bytes",
            found: "byte \(source.dataStart)")
    }
}

/// The tensor with its layout, after comparing the layout with what is stored.
///
/// That every layout gives a multiple of 64 bytes, and ranges have no holes, aligns all tensors to 64.
private func storedTensor(
    _ entry: TensorEntry, _ source: SafetensorsFile, _ path: String
) throws(WeightError) -> StoredTensor {
    func wrong(_ expected: String, _ found: String) -> WeightError {
        .tensor(path: path, tensor: entry.name, expected: expected, found: found)
    }
    guard !entry.range.isEmpty else { throw wrong("a tensor with elements", "\(entry.shape)") }
    var form = (layout: Layout.plain, shape: entry.shape)
    if let text = source.metadata[entry.name] {
        guard let parsed = parseLayout(text) else {
            throw wrong("a layout such as \"panel16 320x320x3x3\"", "\"\(text)\"")
        }
        form = parsed
    }
    let stored = try form.layout.storedShape(
        type: entry.type, shape: form.shape, tensor: entry.name, path: path)
    guard stored == entry.shape else {
        throw wrong(
            "stored shape \(stored) for \(form.layout.rawValue) \(shapeText(form.shape))",
            "\(entry.shape)")
    }
    return StoredTensor(
        name: entry.name, type: entry.type, layout: form.layout, shape: form.shape,
        storedShape: stored, range: entry.range, owner: source.file)
}

/// A metadata entry that reads like a layout belongs to a tensor.
private func checkLayoutEntries(_ source: SafetensorsFile, _ path: String) throws(WeightError) {
    for (name, text) in source.metadata.sorted(by: { $0.key < $1.key })
    where source.entry(name) == nil && parseLayout(text) != nil {
        throw .missing(path: path, tensor: name)
    }
}

/// Each int8 tensor in panels is followed by its scales.
private func checkScales(_ tensors: [StoredTensor], _ path: String) throws(WeightError) {
    for (index, tensor) in tensors.enumerated() where tensor.layout == .panel4x8 {
        let name = tensor.name + "_scale"
        guard index + 1 < tensors.count, tensors[index + 1].name == name else {
            throw .missing(path: path, tensor: name)
        }
        let scale = tensors[index + 1]
        guard scale.type == .f32, scale.shape == [tensor.shape[0]] else {
            throw .tensor(
                path: path, tensor: name, expected: describe(.f32, [tensor.shape[0]]),
                found: describe(scale.type, scale.shape))
        }
    }
}

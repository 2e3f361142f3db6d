package import WeightStore

/// One tensor of a checkpoint, as its file describes it.
package struct CheckpointTensor: Equatable, Sendable {
    /// The name in the file.
    package let name: String
    /// The number type in the file.
    package let type: DataType
    /// Row-major extents; empty for a single number.
    package let shape: [Int]

    /// Describes a tensor.
    package init(name: String, type: DataType, shape: [Int]) {
        self.name = name
        self.type = type
        self.shape = shape
    }
}

/// Named tensors that can be read one at a time.
package protocol CheckpointSource: AnyObject {
    /// The file (or the index of several), for messages.
    var path: String { get }
    /// Every file that tensors are read from.
    var files: [String] { get }
    /// All tensors; no two share a name.
    var tensors: [CheckpointTensor] { get }
    /// The numbers of one tensor, row-major. Throws when the name is unknown or the bytes are damaged.
    func read(_ name: String) throws(QuantizerError) -> [Float]
}

/// Opens a checkpoint file by what it holds, whatever its name: safetensors, torch's zip container,
/// torch's container from before 1.6, or (by the ending `.json`) the index of several.
package func openCheckpoint(_ path: String) throws(QuantizerError) -> any CheckpointSource {
    if path.hasSuffix(".json") { return try ShardedSource(index: path) }
    return try openCheckpoint(try ByteSource(path: path))
}

/// Opens one file of the three kinds.
package func openCheckpoint(_ source: ByteSource) throws(QuantizerError) -> any CheckpointSource {
    let head = try source.read(at: 0, count: min(64, source.count))
    if head.starts(with: ZipArchive.magic) || LegacyTorch.isLegacy(head) {
        return try TorchSource(source)
    }
    if head.count > 8, head[8] == UInt8(ascii: "{") {
        return try SafetensorsSource(source)
    }
    if head.starts(with: Array("version https://git-lfs".utf8)) {
        throw .unsupported(
            path: source.path,
            what: "a Git LFS pointer, not the weights: fetch them with `git lfs pull`")
    }
    throw .unsupported(
        path: source.path,
        what: head.isEmpty
            ? "an empty file" : "neither a safetensors file nor one that torch.save wrote")
}

/// A checkpoint without what training put before every name: `module.` where it was parallel.
final class WithoutPrefix: CheckpointSource {
    let tensors: [CheckpointTensor]
    var path: String { source.path }
    var files: [String] { source.files }
    private let source: any CheckpointSource
    private let prefix: String

    /// - Parameter prefix: is left in place unless all names have it.
    init(_ source: any CheckpointSource, _ prefix: String) {
        self.source = source
        let prefix = source.tensors.allSatisfy { $0.name.hasPrefix(prefix) } ? prefix : ""
        tensors = source.tensors.map { tensor in
            CheckpointTensor(
                name: String(tensor.name.dropFirst(prefix.count)), type: tensor.type,
                shape: tensor.shape)
        }
        self.prefix = prefix
    }

    func read(_ name: String) throws(QuantizerError) -> [Float] {
        try source.read(prefix + name)
    }
}

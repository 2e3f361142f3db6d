import WeightStore

/// A safetensors file, read piece by piece.
package final class SafetensorsSource: CheckpointSource {
    package let path: String
    package let tensors: [CheckpointTensor]
    package var files: [String] { [path] }

    private let source: ByteSource
    private let entries: [String: TensorEntry]

    /// Reads and checks the header and none of the numbers.
    package init(_ source: ByteSource) throws(QuantizerError) {
        let prefix = LittleEndian(bytes: try source.read(at: 0, count: min(8, source.count)))
        let claimed = prefix.integer(UInt64.self, at: 0) ?? 0
        let limit = min(source.count, 8 + SafetensorsHeader.byteLimit)
        let length = Int(min(claimed, UInt64(limit - prefix.bytes.count))) + prefix.bytes.count
        let bytes = try source.read(at: 0, count: length)
        let header = try readingFile { () throws(WeightError) in
            try bytes.withUnsafeBufferPointer { buffer throws(WeightError) in
                try SafetensorsHeader.parse(
                    bytes: UnsafeRawBufferPointer(buffer), fileSize: source.count,
                    path: source.path)
            }
        }
        var entries: [String: TensorEntry] = [:]
        for entry in header.tensors {
            guard entries.updateValue(entry, forKey: entry.name) == nil else {
                throw .malformed(
                    path: source.path, what: "two tensors are named \"\(printable(entry.name))\"")
            }
        }
        path = source.path
        self.source = source
        self.entries = entries
        tensors = header.tensors.map { entry in
            CheckpointTensor(name: entry.name, type: entry.type, shape: entry.shape)
        }
    }

    package func read(_ name: String) throws(QuantizerError) -> [Float] {
        guard let entry = entries[name] else {
            throw .missingTensor(path: path, name: name, shape: [])
        }
        return try source.floats(
            at: entry.range.lowerBound, count: entry.count, type: entry.type)
    }
}

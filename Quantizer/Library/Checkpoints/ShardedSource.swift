import WeightStore

/// Several checkpoint files with an index that says which tensor stands in which file, as
/// transformers and diffusers write it: `{"weight_map": {"<tensor>": "<file>"}}`.
package final class ShardedSource: CheckpointSource {
    package let path: String
    package let tensors: [CheckpointTensor]
    package let files: [String]

    private let shards: [String: any CheckpointSource]
    private static let shardLimit = 1024

    /// Opens all files of the index at `path`, which stand in its folder.
    package init(index path: String) throws(QuantizerError) {
        let index = try readingFile { () throws(WeightError) in try JSONObject.load(path) }
        guard let map = index["weight_map"]?.object else {
            throw .configuration(
                path: path, key: "weight_map", expected: "an object of tensor and file names",
                found: index["weight_map"]?.kind ?? "nothing")
        }
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        var opened: [String: any CheckpointSource] = [:]
        var known: [String: [String: CheckpointTensor]] = [:]
        var shards: [String: any CheckpointSource] = [:]
        var tensors: [CheckpointTensor] = []
        for (name, value) in map {
            guard let file = value.string, !file.contains("/"), !file.hasPrefix("."),
                !file.hasSuffix(".json")
            else {
                throw .malformed(
                    path: path, what: "tensor \"\(printable(name))\" is not in a file beside it")
            }
            if opened[file] == nil {
                guard opened.count < Self.shardLimit else {
                    throw .malformed(path: path, what: "it names too many files")
                }
                let shard = try openCheckpoint(folder + file)
                opened[file] = shard
                known[file] = Dictionary(
                    shard.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            }
            guard let tensor = known[file]?[name] else {
                throw .missingTensor(path: folder + file, name: name, shape: [])
            }
            tensors.append(tensor)
            shards[name] = opened[file]
        }
        self.path = path
        self.tensors = tensors
        self.shards = shards
        files = opened.keys.sorted().map { folder + $0 }
    }

    package func read(_ name: String) throws(QuantizerError) -> [Float] {
        guard let shard = shards[name] else {
            throw .missingTensor(path: path, name: name, shape: [])
        }
        return try shard.read(name)
    }
}

internal import WeightStore

/// What became of a batch's lines: `manifest.jsonl`, an object a line, the newest of a line counts.
struct BatchManifest: ~Copyable {
    /// The pictures of each line that was drawn, and the line's digest.
    private(set) var done: [Int: (digest: String, files: [String])]
    private let file: LineFile

    init(path: String) throws(WeightError) {
        var done: [Int: (digest: String, files: [String])] = [:]
        // Swift 6.2 crashes over typed errors where a type that cannot be copied is half made.
        let file = try LineFile(path: path) { line in
            guard let object = try? JSONValue.parse(Array(line.utf8), source: path).object,
                let number = object["line"]?.int
            else { return }
            done[number] = nil
            guard let digest = object["digest"]?.string, let images = object["images"]?.array
            else { return }
            // Names with a slash would be of another folder.
            let files = images.compactMap { $0.object?["file"]?.string }
            guard files.allSatisfy({ !$0.contains("/") }) else { return }
            done[number] = (digest, files)
        }
        self.file = file
        self.done = done
    }

    /// A line's pictures are on the disk, if under other names yet.
    mutating func add(
        _ line: BatchLine, _ request: JobRequest, images: [(file: String, image: JobImage)]
    ) throws(WeightError) {
        let shown = images.map { file, image -> JSONValue in
            [
                "file": .string(file), "width": .integer(Int64(image.width)),
                "height": .integer(Int64(image.height)),
                "seed": image.seed.map { .integer(Int64(clamping: $0)) } ?? .null,
                "sha256": .string(image.sha256),
            ]
        }
        try add(line, ["state": "done", "images": .array(shown), "request": request.json])
        done[line.number] = (line.digest, images.map(\.file))
    }

    /// A line could not be drawn.
    mutating func add(_ line: BatchLine, error: String) throws(WeightError) {
        try add(line, ["state": "failed", "error": .string(error)])
    }

    private func add(_ line: BatchLine, _ fields: JSONObject) throws(WeightError) {
        var object: JSONObject = [
            "line": .integer(Int64(line.number)), "digest": .string(line.digest),
        ]
        for (key, value) in fields { object[key] = value }
        try file.append(JSONValue.object(object).serialized())
    }
}

/// A model in a folder, as `inkstone-quantize` makes it; see docs/bundle-format.md.
///
/// Opening reads `bundle.json` only; weights are mapped stage by stage.
package struct Bundle: Sendable {
    /// One stage's entry.
    package struct Stage: Sendable, Equatable {
        /// The weight file's name in the folder.
        package let file: String
        /// Upstream's class name, such as `UNet2DConditionModel`.
        package let className: String
        /// What was asked of the quantizer: `int8`, `f16`, `f32`.
        package let type: String
        /// Upstream's configuration, keys verbatim.
        package let config: JSONObject
        /// The weight file's size.
        package let bytes: Int
        /// The weight file's SHA-256, 64 lower-case hexadecimal digits.
        package let sha256: String
    }

    /// The folder.
    package let path: String
    /// The model's name.
    package let name: String
    /// `stable-diffusion`, `upscaler`, `lora` or `controlnet`.
    package let family: String
    /// The stages by name: `text_encoder`, `unet`, `vae`, `upscaler`, as present.
    package let stages: [String: Stage]
    /// Upstream's scheduler configuration.
    package let scheduler: JSONObject?
    /// The path of the folder with the tokenizer's files.
    package let tokenizerFolder: String?
    /// Upstream's tokenizer class, such as `BertTokenizer`.
    package let tokenizerClass: String?
    /// The source's licence text, if it came with one.
    package let license: String?
    /// All of `bundle.json`.
    package let json: JSONObject

    /// The version of the format written and read.
    package static let version = 1
    /// The value of the key `format`.
    package static let format = "inkstone-bundle"
    /// The file that makes a folder a bundle.
    package static let fileName = "bundle.json"

    /// Opens the folder at `path`.
    package static func open(_ path: String) throws(WeightError) -> Bundle {
        let (reader, json) = try BundleReader.read(path)
        var stages: [String: Stage] = [:]
        for (name, value) in try reader.object("stages", json["stages"]) {
            stages[name] = try reader.stage(name, value)
        }
        let tokenizer = try json["tokenizer"].map { value throws(WeightError) in
            try reader.object("tokenizer", value)
        }
        let folder = try tokenizer.map { value throws(WeightError) in
            try reader.fileName("tokenizer.folder", value["folder"])
        }
        return Bundle(
            path: path,
            name: try reader.string("name", json["name"]),
            family: try reader.family(json["family"]),
            stages: stages,
            scheduler: try json["scheduler"].map { value throws(WeightError) in
                try reader.object("scheduler", value)
            },
            tokenizerFolder: folder.map { "\(path)/\($0)" },
            tokenizerClass: try tokenizer.map { value throws(WeightError) in
                try reader.string("tokenizer.class", value["class"])
            },
            license: try json["license"].map { value throws(WeightError) in
                try reader.string("license", value)
            },
            json: json)
    }

    /// The entry of a stage; throws if the bundle has none of this name.
    package func stage(_ name: String) throws(WeightError) -> Stage {
        guard let stage = stages[name] else {
            throw .bundle(
                path: path, expected: "the stage \(name)",
                found: stages.isEmpty
                    ? "none" : stages.keys.sorted().joined(separator: ", "))
        }
        return stage
    }

    /// Maps a stage's weights; throws if the stage is missing or its file breaks the format.
    package func weights(_ stage: String) throws(WeightError) -> WeightFile {
        let entry = try self.stage(stage)
        let file = try WeightFile(path: "\(path)/\(entry.file)", sha256: entry.sha256)
        guard file.file.count == entry.bytes else {
            throw .bundle(
                path: file.path, expected: "\(entry.bytes) bytes as \(Bundle.fileName) says",
                found: "\(file.file.count)")
        }
        return file
    }

    /// The families that a bundle may name.
    static let families = [
        "stable-diffusion", "upscaler", "lora", "textual-inversion", "controlnet",
        "autoencoder",
    ]
}

/// Reads the values of `bundle.json`, naming the key where one is wrong.
private struct BundleReader {
    let path: String

    // Sizes of this order can be added up without a second thought.
    private static let largestFile = 1 << 40

    /// The checked beginning: a folder with a `bundle.json` of a known version.
    static func read(_ path: String) throws(WeightError) -> (BundleReader, JSONObject) {
        let file = "\(path)/\(Bundle.fileName)"
        if let found = kindOfItem(at: path), found != "a folder" {
            throw .bundle(path: path, expected: "a bundle, which is a folder", found: found)
        }
        if kindOfItem(at: path) != nil, kindOfItem(at: file) == nil {
            throw .bundle(
                path: path, expected: "a bundle", found: "a folder without \(Bundle.fileName)")
        }
        var limits = JSONLimits()
        limits.byteCount = 16 << 20
        let json = try JSONObject.load(file, limits: limits)
        let reader = BundleReader(path: file)
        guard json["format"]?.string == Bundle.format else {
            throw reader.wrong("format", "\"\(Bundle.format)\"", json["format"])
        }
        guard json["version"]?.int == Bundle.version else {
            throw reader.wrong("version", "\(Bundle.version)", json["version"])
        }
        return (reader, json)
    }

    func stage(_ name: String, _ value: JSONValue) throws(WeightError) -> Bundle.Stage {
        let key = "stages.\(name)"
        let entry = try object(key, value)
        guard let bytes = entry["bytes"]?.int, (0...Self.largestFile).contains(bytes) else {
            throw wrong("\(key).bytes", "a size in bytes up to 2^40", entry["bytes"])
        }
        let sha256 = try string("\(key).sha256", entry["sha256"])
        guard sha256.utf8.count == 64, sha256.allSatisfy({ "0123456789abcdef".contains($0) })
        else {
            throw wrong("\(key).sha256", "64 lower-case hexadecimal digits", entry["sha256"])
        }
        return Bundle.Stage(
            file: try fileName("\(key).file", entry["file"]),
            className: try string("\(key).class", entry["class"]),
            type: try string("\(key).type", entry["type"]),
            config: try object("\(key).config", entry["config"]),
            bytes: bytes,
            sha256: sha256)
    }

    func family(_ value: JSONValue?) throws(WeightError) -> String {
        guard let family = value?.string, Bundle.families.contains(family) else {
            throw wrong("family", Bundle.families.joined(separator: " or "), value)
        }
        return family
    }

    func object(_ key: String, _ value: JSONValue?) throws(WeightError) -> JSONObject {
        guard let object = value?.object else { throw wrong(key, "an object", value) }
        return object
    }

    func string(_ key: String, _ value: JSONValue?) throws(WeightError) -> String {
        guard let string = value?.string else { throw wrong(key, "a string", value) }
        return string
    }

    /// A name that cannot leave the bundle's folder.
    func fileName(_ key: String, _ value: JSONValue?) throws(WeightError) -> String {
        let name = try string(key, value)
        guard isPlainFileName(name) else {
            throw wrong(key, "a file name without folders", value)
        }
        return name
    }

    func wrong(_ key: String, _ expected: String, _ value: JSONValue?) -> WeightError {
        let found: String =
            switch value {
            case .string(let text): "\"\(text)\""
            case .integer(let number): "\(number)"
            case .number(let number): "\(number)"
            case let value: value?.kind ?? "nothing"
            }
        return .bundle(path: path, expected: "\(key) to be \(expected)", found: found)
    }
}

/// Whether `name` names something directly in a folder and is not hidden.
func isPlainFileName(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix(".") && name.utf8.count <= 255
        && !name.utf8.contains(UInt8(ascii: "/")) && !name.utf8.contains(0)
}

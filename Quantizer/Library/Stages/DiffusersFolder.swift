import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A checkpoint as diffusers saves it: `model_index.json` and one folder for each component.
struct DiffusersFolder {
    let path: String
    private let index: JSONObject

    /// The file that makes a folder such a checkpoint.
    static let indexName = "model_index.json"

    /// Which folder holds which stage, of which class.
    private static let components: [(kind: Stage.Kind, architectures: [Architecture])] = [
        (.textEncoder, [.clipTextModel, .bertModel, .chineseCLIPTextModel]), (.unet, [.unet]),
        (.vae, [.autoencoder, .tinyAutoencoder]),
    ]

    init(path: String) throws(QuantizerError) {
        self.path = path
        let index = path + "/" + Self.indexName
        self.index = try readingFile { () throws(WeightError) in
            try JSONObject.load(index, limits: .python)
        }
    }

    /// The networks, their tensors checked but not read.
    func stages() throws(QuantizerError) -> [Stage] {
        var stages: [Stage] = []
        for (kind, architectures) in Self.components {
            let name = kind.rawValue
            let found = try component(name)
            guard let architecture = architectures.first(where: { $0.rawValue == found }) else {
                let known = architectures.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
                throw .configuration(
                    path: "\(path)/\(Self.indexName)", key: name, expected: known,
                    found: "\"\(printable(found))\"")
            }
            let configurationPath = "\(path)/\(name)/config.json"
            let configuration = try readingFile { () throws(WeightError) in
                try JSONObject.load(configurationPath, limits: .python)
            }
            stages.append(
                try Stage(
                    kind: kind, architecture: architecture, configuration: configuration,
                    configurationPath: configurationPath,
                    source: try openCheckpoint(try weightFile(in: "\(path)/\(name)"))))
        }
        return stages
    }

    /// The scheduler's configuration, of whatever class.
    func scheduler() throws(QuantizerError) -> JSONObject {
        let file = "\(path)/scheduler/scheduler_config.json"
        return try readingFile { () throws(WeightError) in
            try JSONObject.load(file, limits: .python)
        }
    }

    /// The tokenizer's class and files.
    func tokenizer() throws(QuantizerError) -> TokenizerFiles {
        var name = try component("tokenizer")
        if name.hasSuffix("Fast") { name.removeLast(4) }
        guard let files = try TokenizerFiles(className: name, folder: path + "/tokenizer") else {
            throw .configuration(
                path: "\(path)/\(Self.indexName)", key: "tokenizer",
                expected: "\"BertTokenizer\" or \"CLIPTokenizer\"",
                found: "\"\(printable(name))\"")
        }
        return files
    }

    /// The licence's text, if a file with it is there.
    func license() throws(QuantizerError) -> String? {
        for name in ["LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "LICENCE.txt"] {
            let file = "\(path)/\(name)"
            guard exists(file) else { continue }
            let bytes = try readingFile { () throws(WeightError) in
                try readFile(file, limit: 1 << 20)
            }
            return String(decoding: bytes, as: UTF8.self)
        }
        return nil
    }

    /// The class of a component: the second of `["library", "class"]`.
    private func component(_ name: String) throws(QuantizerError) -> String {
        guard let pair = index[name]?.array, pair.count == 2, let text = pair[1].string else {
            throw .configuration(
                path: "\(path)/\(Self.indexName)", key: name,
                expected: "a library and a class", found: index[name]?.kind ?? "nothing")
        }
        return text
    }

}

/// The weights in a folder of one network: safetensors before torch files, one file before several, full
/// precision before half.
func weightFile(in folder: String) throws(QuantizerError) -> String {
    let safetensors = ["diffusion_pytorch_model", "model"]
    let torch = ["diffusion_pytorch_model", "pytorch_model"]
    var tried: [String] = []
    for variant in ["", ".fp16"] {
        for (stems, ending) in [(safetensors, "safetensors"), (torch, "bin")] {
            for stem in stems {
                tried.append("\(stem)\(variant).\(ending)")
                tried.append("\(stem).\(ending).index\(variant).json")
            }
        }
    }
    guard let name = tried.first(where: { exists("\(folder)/\($0)") }) else {
        throw .unsupported(
            path: folder + "/",
            what: "no weights found, looked for \(tried.joined(separator: ", "))")
    }
    return "\(folder)/\(name)"
}

/// Whether something is at `path`.
func exists(_ path: String) -> Bool {
    access(path, F_OK) == 0
}

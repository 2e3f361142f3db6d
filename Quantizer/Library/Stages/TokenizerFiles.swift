import WeightStore

/// The files of a tokenizer.
package struct TokenizerFiles: Sendable {
    /// One file.
    package struct File: Equatable, Sendable {
        /// Upstream's file name.
        package let name: String
        /// Its content.
        package let bytes: [UInt8]
    }

    /// `BertTokenizer` or `CLIPTokenizer`.
    package let className: String
    /// Their contents, to be kept verbatim.
    package private(set) var files: [File]

    private static let required = [
        "BertTokenizer": ["vocab.txt"], "CLIPTokenizer": ["vocab.json", "merges.txt"],
    ]
    private static let specialTokens = "special_tokens_map.json"
    private static let optional = ["tokenizer_config.json", specialTokens, "added_tokens.json"]

    /// Their contents, made elsewhere.
    init(className: String, files: [File]) {
        self.className = className
        self.files = files
    }

    /// Reads a tokenizer's files; nil for a class that is not known.
    init?(className: String, folder: String) throws(QuantizerError) {
        guard let required = Self.required[className] else { return nil }
        self.className = className
        files = []
        for name in required + Self.optional.filter({ exists("\(folder)/\($0)") }) {
            let bytes = try readingFile { () throws(WeightError) in
                try readFile("\(folder)/\(name)", limit: 64 << 20)
            }
            files.append(File(name: name, bytes: bytes))
        }
    }

    /// Reads the tokenizer in a folder, of the class that its files tell.
    init(folder: String) throws(QuantizerError) {
        let found = Self.required.first { $0.value.allSatisfy { exists("\(folder)/\($0)") } }
        guard let found, let files = try TokenizerFiles(className: found.key, folder: folder) else {
            throw .option(
                "\(folder): no tokenizer: neither vocab.txt nor vocab.json and merges.txt")
        }
        self = files
    }

    /// The same tokenizer, filling prompts up with `token`; nil for as it is.
    func padding(with token: String?) -> TokenizerFiles {
        guard let token else { return self }
        let end = JSONValue.string("<|endoftext|>")
        let map: JSONObject = [
            "bos_token": "<|startoftext|>", "eos_token": end, "unk_token": end,
            "pad_token": .string(token),
        ]
        var changed = self
        changed.files.removeAll { $0.name == Self.specialTokens }
        changed.files.append(
            File(name: Self.specialTokens, bytes: JSONValue.object(map).serialized()))
        return changed
    }
}

import WeightStore

/// The tokenizers that there are.
enum TokenizerKind {
    /// BERT's.
    case wordPiece
    /// CLIP's.
    case bytePair

    /// From upstream's class name, or by the file names in the folder.
    init(className: String?, folder: String) throws(TokenizerError) {
        switch className {
        case "BertTokenizer", "BertTokenizerFast": self = .wordPiece
        case "CLIPTokenizer", "CLIPTokenizerFast": self = .bytePair
        case let name?: throw .unsupportedClass(folder: folder, found: name)
        case nil:
            if try isFile("\(folder)/vocab.txt") {
                self = .wordPiece
            } else if try isFile("\(folder)/vocab.json") {
                self = .bytePair
            } else {
                throw .noVocabulary(folder: folder)
            }
        }
    }

    /// The special tokens that upstream's class has where the files name no other.
    var defaultTokens: [String: String] {
        switch self {
        case .wordPiece:
            [
                "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]",
                "cls_token": "[CLS]", "mask_token": "[MASK]",
            ]
        case .bytePair:
            [
                "bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>",
                "unk_token": "<|endoftext|>", "pad_token": "<|endoftext|>",
            ]
        }
    }
}

/// The special and added tokens of all files together.
struct SpecialTokens {
    /// By role, such as `pad_token`.
    private(set) var named: [String: AddedToken] = [:]
    /// Those that the files give an id, in the order of their ids.
    private(set) var numbered: [AddedToken] = []
    /// Those that the files list without a role.
    private(set) var additional: [AddedToken] = []

    private static let roles = [
        "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
    ]

    init(_ config: SettingsFile, _ kind: TokenizerKind, folder: String) throws(TokenizerError) {
        let defaults = kind.defaultTokens.mapValues { AddedToken(content: $0) }
        try readNamed(config)
        additional = try config.tokens("additional_special_tokens")
        if let decoder = try config.value("added_tokens_decoder", "an object", { $0.object }) {
            named.merge(defaults) { named, _ in named }
            try readDecoder(decoder, config)
        } else {
            let path = "\(folder)/special_tokens_map.json"
            let map = SettingsFile(path: path, object: try optionalObject(path))
            try readNamed(map)
            additional += try map.tokens("additional_special_tokens")
            // Only a token that the files name is special here, not one that the class has anyway.
            try readAddedTokens("\(folder)/added_tokens.json")
            named.merge(defaults) { named, _ in named }
        }
    }

    private mutating func readNamed(_ file: SettingsFile) throws(TokenizerError) {
        for role in SpecialTokens.roles {
            guard let json = file.object?[role], json != .null else { continue }
            named[role] = try file.token(role, json, isSpecial: true)
        }
    }

    /// `added_tokens_decoder`: ids, written as strings, and their tokens.
    private mutating func readDecoder(
        _ decoder: JSONObject, _ config: SettingsFile
    ) throws(TokenizerError) {
        let key = "added_tokens_decoder"
        let special = Set(named.values.map { ExactKey(text: $0.content) })
        var tokens: [(id: Int, token: AddedToken)] = []
        for (name, json) in decoder {
            guard let id = Int(name), id >= 0 else {
                throw config.wrong(key, "ids as keys", "\"\(name)\"")
            }
            let content = json["content"]?.string ?? ""
            let isSpecial = special.contains(ExactKey(text: content))
            tokens.append((id, try config.token(key, json, isSpecial: isSpecial)))
        }
        numbered = tokens.sorted { $0.id < $1.id }.map(\.token)
    }

    /// `added_tokens.json`: tokens and their ids.
    private mutating func readAddedTokens(_ path: String) throws(TokenizerError) {
        let file = SettingsFile(path: path, object: try optionalObject(path))
        guard let object = file.object else { return }
        var tokens: [(id: Int, content: String)] = []
        for (content, json) in object {
            guard let id = json.int, id >= 0 else { throw file.wrong(content, "an id", json.kind) }
            tokens.append((id, content))
        }
        let special = Set((named.values + additional).map { ExactKey(text: $0.content) })
        numbered = tokens.sorted { $0.id < $1.id }.map { _, content in
            let isSpecial = special.contains(ExactKey(text: content))
            return AddedToken(content: content, isNormalized: !isSpecial)
        }
    }

    /// The id of a token that every prompt needs.
    func requiredID(_ role: String, in vocabulary: Vocabulary) throws(TokenizerError) -> Int32 {
        let content = named[role]?.content ?? ""
        guard let id = vocabulary.id(of: content) else {
            throw .missingToken(path: vocabulary.path, role: role, token: content)
        }
        return id
    }

    /// Every token to look for in prompts, and its id.
    ///
    /// Of several with one content, what `numbered` says holds, and else the last of the others.
    /// Tokens that the vocabulary lacks get the ids behind it; a named one that it lacks (a
    /// `[MASK]`) is not looked for.
    func ids(in vocabulary: Vocabulary) -> [(token: AddedToken, id: Int32)] {
        var result: [(token: AddedToken, id: Int32)] = []
        var positions: [ExactKey: Int] = [:]
        var next = Int32(vocabulary.count)
        let known = SpecialTokens.roles.compactMap { named[$0] }
            .filter { vocabulary.id(of: $0.content) != nil }
        for token in numbered + known + additional where !token.content.isEmpty {
            let key = ExactKey(text: token.content)
            if let position = positions[key] {
                if position >= numbered.count { result[position].token = token }
                continue
            }
            positions[key] = result.count
            let id = vocabulary.id(of: token.content)
            result.append((token, id ?? next))
            if id == nil { next += 1 }
        }
        return result
    }
}

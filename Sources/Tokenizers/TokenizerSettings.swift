import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What the configuration files of a tokenizer folder say.
///
/// - Source: transformers 5: where `tokenizer_config.json` has `added_tokens_decoder` it stands
///   alone, otherwise the tokens in `special_tokens_map.json` win. Stable Diffusion 2 depends on
///   it: its padding "!" stands in the map only.
struct TokenizerSettings {
    /// The folder.
    let folder: String
    /// Which tokenizer it is for.
    let kind: TokenizerKind
    /// The most ids of a prompt, at least 3.
    let maximumLength: Int
    /// `do_lower_case`.
    let lowersCase: Bool
    /// `tokenize_chinese_chars`.
    let separatesIdeographs: Bool
    /// `strip_accents`, or else what `do_lower_case` says.
    let stripsAccents: Bool
    /// `pad_token` and the like, and the tokens to look for in prompts.
    let tokens: SpecialTokens

    /// Reads the folder's files; none needs to be there.
    init(
        folder: String, className: String?, defaultLength: Int
    ) throws(TokenizerError) {
        let path = "\(folder)/tokenizer_config.json"
        let config = SettingsFile(path: path, object: try optionalObject(path))
        try config.refuseLeftSides()
        self.folder = folder
        let configured = try config.value("tokenizer_class", "a string") { $0.string }
        kind = try TokenizerKind(className: className ?? configured, folder: folder)
        maximumLength = try config.length(atMost: defaultLength)
        lowersCase = try config.flag("do_lower_case") ?? true
        separatesIdeographs = try config.flag("tokenize_chinese_chars") ?? true
        stripsAccents = try config.flag("strip_accents") ?? lowersCase
        tokens = try SpecialTokens(config, kind, folder: folder)
    }

    /// The path of one of the folder's files.
    func path(_ file: String) -> String { "\(folder)/\(file)" }
}

/// The object in a JSON file; nil without the file.
func optionalObject(_ path: String) throws(TokenizerError) -> JSONObject? {
    guard try isFile(path) else { return nil }
    return try fromFile { () throws(WeightError) in try JSONObject.load(path) }
}

/// True if there is a file, false if there is nothing; throws where that cannot be told.
func isFile(_ path: String) throws(TokenizerError) -> Bool {
    do {
        _ = try MappedFile(path: path)
        return true
    } catch {
        if case .system(_, _, ENOENT) = error { return false }
        throw .file(error)
    }
}

/// One configuration file and its keys, checked as they are read. A key with null counts as absent.
struct SettingsFile {
    /// Its path, for messages.
    let path: String
    /// Its content; nil without the file.
    let object: JSONObject?

    /// The value of `key` as `read` makes it; nil if the key is absent.
    func value<Value>(
        _ key: String, _ expected: String, _ read: (JSONValue) -> Value?
    ) throws(TokenizerError) -> Value? {
        guard let json = object?[key], json != .null else { return nil }
        guard let value = read(json) else { throw wrong(key, expected, json.kind) }
        return value
    }

    /// A boolean.
    func flag(_ key: String) throws(TokenizerError) -> Bool? {
        try value(key, "true or false") { $0.bool }
    }

    /// `model_max_length`, where the lengths beyond all bounds that stand for "not known" are cut.
    func length(atMost limit: Int) throws(TokenizerError) -> Int {
        let key = "model_max_length"
        let length = try value(key, "a number") { $0.double } ?? Double(limit)
        guard length >= 3, length == length.rounded() else {
            throw wrong(key, "a whole number from 3 on", "\(length)")
        }
        guard limit >= 3 else {
            throw wrong(key, "a text encoder with 3 positions or more", "\(limit)")
        }
        return Int(min(length, Double(limit)))
    }

    /// Refuses the sides that no text encoder of this family was trained with.
    func refuseLeftSides() throws(TokenizerError) {
        for key in ["padding_side", "truncation_side"] {
            let side = try value(key, "a string") { $0.string } ?? "right"
            guard side == "right" else { throw wrong(key, "\"right\"", "\"\(side)\"") }
        }
    }

    /// An error that names the file and the key.
    func wrong(_ key: String, _ expected: String, _ found: String) -> TokenizerError {
        .setting(path: path, key: key, expected: expected, found: found)
    }

    /// A token written as a string or as an object with `content`.
    /// - Parameter isSpecial: what holds where the object does not tell.
    func token(
        _ key: String, _ json: JSONValue, isSpecial: Bool
    ) throws(TokenizerError) -> AddedToken {
        if let content = json.string { return AddedToken(content: content) }
        guard let object = json.object, let content = object["content"]?.string else {
            throw wrong(key, "a token (a string, or an object with \"content\")", json.kind)
        }
        let parts = SettingsFile(path: path, object: object)
        let isSpecial = try parts.flag("special") ?? isSpecial
        return AddedToken(
            content: content,
            isNormalized: try parts.flag("normalized") ?? !isSpecial,
            stripsLeft: try parts.flag("lstrip") ?? false,
            stripsRight: try parts.flag("rstrip") ?? false,
            isSingleWord: try parts.flag("single_word") ?? false)
    }

    /// A list of special tokens; empty if the key is absent.
    func tokens(_ key: String) throws(TokenizerError) -> [AddedToken] {
        let list = try value(key, "a list of tokens") { $0.array } ?? []
        var tokens: [AddedToken] = []
        for json in list { tokens.append(try token(key, json, isSpecial: true)) }
        return tokens
    }
}

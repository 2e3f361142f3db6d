import WeightStore

/// A tokenizer in BERT's form whose vocabulary is made here: the special tokens, the printable
/// characters of ASCII, and the common Chinese characters in the order of Unicode.
enum SyntheticTokenizer {
    /// Ids of special tokens.
    static let padding = 0
    static let begin = 2
    static let end = 3

    private static let special = [
        "pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]",
        "mask_token": "[MASK]",
    ]

    /// `vocab.txt` and its configuration.
    static func files(for model: SyntheticModel) -> TokenizerFiles {
        var map = JSONObject()
        for (key, token) in special.sorted(by: { $0.key < $1.key }) { map[key] = .string(token) }
        var configuration = map
        configuration["do_lower_case"] = true
        configuration["tokenize_chinese_chars"] = true
        configuration["tokenizer_class"] = "BertTokenizer"
        configuration["model_max_length"] = .integer(Int64(model.positions))
        let vocabulary = tokens.prefix(model.vocabularySize).map { $0 + "\n" }.joined()
        return TokenizerFiles(
            className: "BertTokenizer",
            files: [
                TokenizerFiles.File(name: "vocab.txt", bytes: Array(vocabulary.utf8)),
                TokenizerFiles.File(
                    name: "tokenizer_config.json", bytes: configuration.serialized(pretty: true)),
                TokenizerFiles.File(
                    name: "special_tokens_map.json", bytes: map.serialized(pretty: true)),
            ])
    }

    private static var tokens: [String] {
        let ascii = (0x21...0x7E as ClosedRange<UInt32>).compactMap(Unicode.Scalar.init)
        let letters = ascii.filter { ("a"..."z").contains($0) || ("0"..."9").contains($0) }
        let chinese = (0x4E00...0x9FFF as ClosedRange<UInt32>).compactMap(Unicode.Scalar.init)
        return ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + ascii.map { String($0) }
            + letters.map { "##\($0)" } + chinese.map { String($0) }
    }
}

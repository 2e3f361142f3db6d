/// Turns a prompt into the numbers that a text encoder was trained on.
///
/// Reading order: this file, `TokenizerStages` (what both kinds share), then `WordPieceTokenizer`
/// and `BytePairTokenizer`; `TokenizerSettings` reads the folder, `Text/` knows Unicode.
package protocol Tokenizer: Sendable {
    /// The most ids that the text encoder takes, begin and end included.
    var maximumLength: Int { get }
    /// The id that fills a short prompt up.
    var paddingID: Int32 { get }
    /// The id before the content: `[CLS]`, `<|startoftext|>`.
    var beginID: Int32 { get }
    /// The id after the content: `[SEP]`, `<|endoftext|>`.
    var endID: Int32 { get }

    /// Exactly `length` ids: begin, the content (cut where it is too long), end, padding.
    /// - Parameter length: at least 2 (trap otherwise).
    func encode(_ text: String, length: Int) -> TokenizedPrompt

    /// The ids of the content alone, however many.
    func tokens(_ text: String) -> [Int32]
}

/// The ids of one prompt.
package struct TokenizedPrompt: Sendable, Equatable {
    /// As many ids as were asked for.
    package let ids: [Int32]
    /// The ids that the content has, or had before it was cut; begin and end not counted.
    package let contentCount: Int
    /// The end of the prompt that did not fit, as it was written; nil if all of it did.
    package let truncatedText: String?

    /// Makes one of its parts.
    package init(ids: [Int32], contentCount: Int, truncatedText: String?) {
        self.ids = ids
        self.contentCount = contentCount
        self.truncatedText = truncatedText
    }
}

/// Loads the tokenizer that a folder in transformers' layout describes.
///
/// Reads `vocab.txt`, or `vocab.json` and `merges.txt`, and as far as they are there
/// `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json`.
/// - Parameters:
///   - className: upstream's class, such as `BertTokenizer`; nil asks `tokenizer_config.json`, and
///     without an answer there the name of the vocabulary file.
///   - defaultLength: the positions that the text encoder has. `maximumLength` is at most that;
///     it is that where the folder names no length.
/// - Throws: what is missing or damaged, with the file and the place in it.
package func loadTokenizer(
    folder: String, className: String? = nil, defaultLength: Int
) throws(TokenizerError) -> any Tokenizer {
    let settings = try TokenizerSettings(
        folder: folder, className: className, defaultLength: defaultLength)
    switch settings.kind {
    case .wordPiece: return try WordPieceTokenizer(settings)
    case .bytePair: return try BytePairTokenizer(settings)
    }
}

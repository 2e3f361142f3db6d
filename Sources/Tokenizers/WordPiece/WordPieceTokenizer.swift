import WeightStore

/// BERT's tokenizer: words are cut into the longest known pieces, from the left.
///
/// - Source: transformers 5 BertTokenizer, which is `tokenizers`' BertNormalizer, BertPreTokenizer
///   and WordPiece; Wu et al., arXiv:1609.08144 for the idea.
struct WordPieceTokenizer: TokenizerStages {
    let maximumLength: Int
    let frame: FrameIDs
    let addedTokens: AddedTokens
    private let unknownID: Int32
    private let vocabulary: Vocabulary
    private let normalizer: BERTNormalizer

    /// Longer words are unknown at once.
    private static let longestWord = 100

    /// Reads `vocab.txt` of the folder that the settings are of.
    init(_ settings: TokenizerSettings) throws(TokenizerError) {
        vocabulary = try readWordPieces(settings.path("vocab.txt"))
        maximumLength = settings.maximumLength
        frame = FrameIDs(
            begin: try settings.tokens.requiredID("cls_token", in: vocabulary),
            end: try settings.tokens.requiredID("sep_token", in: vocabulary),
            padding: try settings.tokens.requiredID("pad_token", in: vocabulary))
        unknownID = try settings.tokens.requiredID("unk_token", in: vocabulary)
        let normalizer = BERTNormalizer(settings)
        self.normalizer = normalizer
        addedTokens = AddedTokens(
            settings.tokens.ids(in: vocabulary), normalize: { normalizer.normalized($0) })
    }

    func normalized(_ text: ArraySlice<TracedScalar>) -> [TracedScalar] {
        normalizer.normalized(text)
    }

    /// Words end at white space and on both sides of punctuation.
    func appendTokens(of text: ArraySlice<TracedScalar>, to tokens: inout [Token]) {
        var word = WordBytes()
        var start = text.startIndex
        for index in text.indices {
            let scalar = text[index].scalar
            let isPunctuation = BERTCharacters.isPunctuation(scalar)
            guard isPunctuation || scalar.properties.isWhitespace else { continue }
            appendPieces(of: text[start..<index], to: &tokens, &word)
            if isPunctuation { appendPieces(of: text[index...index], to: &tokens, &word) }
            start = index + 1
        }
        appendPieces(of: text[start...], to: &tokens, &word)
    }

    /// Appends the pieces of one word, or one unknown token if any part of it is not known.
    private func appendPieces(
        of text: ArraySlice<TracedScalar>, to tokens: inout [Token], _ word: inout WordBytes
    ) {
        guard let first = text.first else { return }
        let unknown = Token(id: unknownID, source: first.source)
        guard text.count <= WordPieceTokenizer.longestWord else {
            tokens.append(unknown)
            return
        }
        let count = tokens.count
        word.load(text)
        var start = word.start
        while start < word.bytes.count {
            guard let (id, end) = longestPiece(of: &word, from: start) else {
                tokens.removeSubrange(count...)
                tokens.append(unknown)
                return
            }
            tokens.append(Token(id: id, source: word.sources[start]))
            start = end
        }
    }

    private func longestPiece(
        of word: inout WordBytes, from start: Int
    ) -> (id: Int32, end: Int)? {
        let keyStart = word.keyStart(at: start)
        var end = min(word.bytes.count, keyStart + vocabulary.longest)
        while end > start {
            if word.isBoundary(end), let id = vocabulary.id(of: word.bytes, in: keyStart..<end) {
                return (id, end)
            }
            end -= 1
        }
        return nil
    }
}

/// The UTF-8 bytes of one word, with room in front for the prefix of pieces that go on.
private struct WordBytes {
    /// Where the word begins in `bytes`.
    let start = 2
    /// Two bytes and the word.
    private(set) var bytes: [UInt8] = []
    /// For each byte its place in the prompt.
    private(set) var sources: [Int32] = []

    /// Replaces the word.
    mutating func load(_ text: ArraySlice<TracedScalar>) {
        bytes.removeAll(keepingCapacity: true)
        sources.removeAll(keepingCapacity: true)
        bytes += [0, 0]
        sources += [0, 0]
        for traced in text {
            for byte in traced.scalar.utf8 {
                bytes.append(byte)
                sources.append(traced.source)
            }
        }
    }

    /// Where the vocabulary's spelling of a piece at `position` begins.
    ///
    /// A piece inside a word is spelled with ## before it. The two bytes in front of it are spent,
    /// so they take the prefix.
    mutating func keyStart(at position: Int) -> Int {
        guard position > start else { return position }
        bytes[position - 2] = UInt8(ascii: "#")
        bytes[position - 1] = UInt8(ascii: "#")
        return position - 2
    }

    /// True if no scalar reaches over `position`.
    func isBoundary(_ position: Int) -> Bool {
        position == bytes.count || bytes[position] & 0xC0 != 0x80
    }
}

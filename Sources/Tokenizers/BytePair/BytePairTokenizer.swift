import WeightStore

/// CLIP's tokenizer: each word's bytes are joined pair by pair, in the order of the merges file.
///
/// - Source: transformers 5 CLIPTokenizer: `tokenizers`' NFC, white space and lower case, CLIP's
///   pattern, ByteLevel and BPE; Sennrich et al., arXiv:1508.07909 for the idea.
struct BytePairTokenizer: TokenizerStages {
    let maximumLength: Int
    let frame: FrameIDs
    let addedTokens: AddedTokens
    private let model: BytePairModel

    /// Reads `vocab.json` and `merges.txt` of the folder that the settings are of.
    init(_ settings: TokenizerSettings) throws(TokenizerError) {
        let vocabulary = try readBytePairVocabulary(settings.path("vocab.json"))
        maximumLength = settings.maximumLength
        frame = FrameIDs(
            begin: try settings.tokens.requiredID("bos_token", in: vocabulary),
            end: try settings.tokens.requiredID("eos_token", in: vocabulary),
            padding: try settings.tokens.requiredID("pad_token", in: vocabulary))
        let unknownID = try settings.tokens.requiredID("unk_token", in: vocabulary)
        model = try BytePairModel(
            vocabulary, mergesPath: settings.path("merges.txt"), unknownID: unknownID)
        addedTokens = AddedTokens(settings.tokens.ids(in: vocabulary), normalize: normalizedText)
    }

    func normalized(_ text: ArraySlice<TracedScalar>) -> [TracedScalar] { normalizedText(text) }

    func appendTokens(of text: ArraySlice<TracedScalar>, to tokens: inout [Token]) {
        var word = BytePairWord()
        forEachWord(of: text) { model.appendTokens(of: $0, to: &tokens, &word) }
    }
}

/// NFC, one space for every run of white space, lower case.
private func normalizedText(_ text: ArraySlice<TracedScalar>) -> [TracedScalar] {
    var collapsed: [TracedScalar] = []
    collapsed.reserveCapacity(text.count)
    var isBehindSpace = false
    for traced in normalized(Array(text), .composed) {
        let isSpace = traced.scalar.properties.isWhitespace
        if !isSpace || !isBehindSpace {
            collapsed.append(isSpace ? traced.replaced(by: " ") : traced)
        }
        isBehindSpace = isSpace
    }
    var result: [TracedScalar] = []
    result.reserveCapacity(collapsed.count)
    appendLowerCase(of: collapsed, to: &result)
    return result
}

/// Finds the words of CLIP's pattern: the two literal tokens, the English contractions, runs of
/// letters, single digits, runs of anything else but space.
private func forEachWord(
    of text: ArraySlice<TracedScalar>, _ body: (ArraySlice<TracedScalar>) -> Void
) {
    var start = text.startIndex
    while start < text.endIndex {
        let first = text[start].scalar
        if let inner = literalToken(of: text, at: start) {
            // A second pattern, GPT-2's, cuts the literal token into its three parts again.
            body(text[start..<inner.lowerBound])
            body(text[inner])
            body(text[inner.upperBound..<inner.upperBound + 2])
            start = inner.upperBound + 2
            continue
        }
        var end = start + 1
        if first == "'", let length = contractionLength(text[end...]) {
            end += length
            body(text[start..<end])
        } else {
            let kind = PatternClass(first)
            if kind == .letter || kind == .other {
                while end < text.endIndex, PatternClass(text[end].scalar) == kind { end += 1 }
            }
            if kind != .space { body(text[start..<end]) }
        }
        start = end
    }
}

private let literalNames: [[Unicode.Scalar]] = ["startoftext", "endoftext"].map {
    Array($0.unicodeScalars)
}

/// Where the name stands inside `<|name|>`, if that is what `text` has at `start`.
private func literalToken(of text: ArraySlice<TracedScalar>, at start: Int) -> Range<Int>? {
    guard text[start].scalar == "<", has("|", text, start + 1) else { return nil }
    for name in literalNames {
        let end = start + 2 + name.count
        if has("|", text, end), has(">", text, end + 1),
            text[start + 2..<end].lazy.map(\.scalar).elementsEqual(name)
        {
            return start + 2..<end
        }
    }
    return nil
}

/// The letters of `s`, `t`, `re`, `ve`, `m`, `ll` or `d` that follow an apostrophe.
private func contractionLength(_ text: ArraySlice<TracedScalar>) -> Int? {
    guard let first = text.first?.scalar else { return nil }
    let next = text.startIndex + 1
    switch first {
    case "s", "t", "m", "d": return 1
    case "r", "v": return has("e", text, next) ? 2 : nil
    case "l": return has("l", text, next) ? 2 : nil
    default: return nil
    }
}

private func has(_ scalar: Unicode.Scalar, _ text: ArraySlice<TracedScalar>, _ index: Int) -> Bool {
    index < text.endIndex && text[index].scalar == scalar
}

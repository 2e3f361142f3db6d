/// What BERT does to a text before it looks for words.
/// - Source: `tokenizers` 0.23 BertNormalizer.
struct BERTNormalizer {
    private let separatesIdeographs: Bool
    private let stripsAccents: Bool
    private let lowersCase: Bool

    /// Takes the three switches of the configuration.
    init(_ settings: TokenizerSettings) {
        separatesIdeographs = settings.separatesIdeographs
        stripsAccents = settings.stripsAccents
        lowersCase = settings.lowersCase
    }

    /// The text without controls, with spaces around ideographs, without accents, in lower case.
    func normalized(_ text: ArraySlice<TracedScalar>) -> [TracedScalar] {
        var result = cleaned(text)
        if stripsAccents {
            result = Tokenizers.normalized(result, .decomposed)
            result.removeAll { BERTCharacters.isAccent($0.scalar) }
        }
        guard lowersCase else { return result }
        var lowered: [TracedScalar] = []
        lowered.reserveCapacity(result.count)
        appendLowerCase(of: result, to: &lowered)
        return lowered
    }

    private func cleaned(_ text: ArraySlice<TracedScalar>) -> [TracedScalar] {
        var result: [TracedScalar] = []
        result.reserveCapacity(text.count)
        for traced in text where !BERTCharacters.isDropped(traced.scalar) {
            if separatesIdeographs, BERTCharacters.isIdeograph(traced.scalar) {
                let space = traced.replaced(by: " ")
                result += [space, traced, space]
            } else {
                let isSpace = traced.scalar.properties.isWhitespace
                result.append(isSpace ? traced.replaced(by: " ") : traced)
            }
        }
        return result
    }
}

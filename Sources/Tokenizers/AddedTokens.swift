/// A token that is looked for in the prompt itself, before the vocabulary has its turn.
struct AddedToken: Equatable {
    let content: String
    /// True if it is looked for in the normalised text, false if in the prompt as written.
    var isNormalized = false
    /// True if it takes the white space before it along.
    var stripsLeft = false
    /// True if it takes the white space behind it along.
    var stripsRight = false
    /// True if it is found only between characters that belong to no word.
    var isSingleWord = false
}

/// The added tokens of one tokenizer.
struct AddedTokens {
    /// Those looked for in the prompt as written.
    let asWritten: AddedTokenMatcher
    /// Those looked for in the normalised text.
    let afterNormalization: AddedTokenMatcher

    /// - Parameter normalize: the tokenizer's normalisation: patterns go through it too.
    init(
        _ tokens: [(token: AddedToken, id: Int32)],
        normalize: (ArraySlice<TracedScalar>) -> [TracedScalar]
    ) {
        func patterns(normalized: Bool) -> [AddedTokenMatcher.Pattern] {
            tokens.filter { $0.token.isNormalized == normalized }.map { token, id in
                let content = traced(token.content)
                let scalars = normalized ? normalize(content[...]) : content
                return .init(scalars: scalars.map(\.scalar), token: token, id: id)
            }
        }
        asWritten = AddedTokenMatcher(patterns(normalized: false))
        afterNormalization = AddedTokenMatcher(patterns(normalized: true))
    }
}

/// Finds tokens in a text: the leftmost first, of several at one place the longest.
struct AddedTokenMatcher {
    /// What to look for.
    struct Pattern {
        let scalars: [Unicode.Scalar]
        let token: AddedToken
        let id: Int32
    }

    /// A part of a text.
    enum Piece {
        case text(ArraySlice<TracedScalar>)
        case token(Token)
    }

    /// By their first scalar, the longest in front.
    private let patterns: [Unicode.Scalar: [Pattern]]

    init(_ patterns: [Pattern]) {
        var byBeginning: [Unicode.Scalar: [Pattern]] = [:]
        for pattern in patterns.sorted(by: { $0.scalars.count > $1.scalars.count }) {
            guard let first = pattern.scalars.first else { continue }
            byBeginning[first, default: []].append(pattern)
        }
        self.patterns = byBeginning
    }

    /// Hands the parts of `text` to `body`, in order; no part is empty.
    func split(_ text: ArraySlice<TracedScalar>, _ body: (Piece) -> Void) {
        var pieceStart = text.startIndex
        var index = pieceStart
        while index < text.endIndex {
            let candidates = patterns[text[index].scalar]
            guard let pattern = candidates?.first(where: { matches($0, text, at: index) }) else {
                index += 1
                continue
            }
            var range = index..<index + pattern.scalars.count
            index = range.upperBound
            if pattern.token.isSingleWord, isInsideWord(range, of: text) { continue }
            range = widened(range, by: pattern.token, in: text, from: pieceStart)
            if pieceStart < range.lowerBound { body(.text(text[pieceStart..<range.lowerBound])) }
            body(.token(Token(id: pattern.id, source: text[range.lowerBound].source)))
            pieceStart = range.upperBound
            index = max(index, pieceStart)
        }
        if pieceStart < text.endIndex { body(.text(text[pieceStart...])) }
    }

    private func matches(
        _ pattern: Pattern, _ text: ArraySlice<TracedScalar>, at index: Int
    ) -> Bool {
        guard text.endIndex - index >= pattern.scalars.count else { return false }
        for offset in pattern.scalars.indices
        where text[index + offset].scalar != pattern.scalars[offset] { return false }
        return true
    }

    private func isInsideWord(_ range: Range<Int>, of text: ArraySlice<TracedScalar>) -> Bool {
        range.lowerBound > text.startIndex && isOfWord(text[range.lowerBound - 1].scalar)
            || range.upperBound < text.endIndex && isOfWord(text[range.upperBound].scalar)
    }

    private func widened(
        _ range: Range<Int>, by token: AddedToken, in text: ArraySlice<TracedScalar>, from: Int
    ) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        if token.stripsLeft {
            while start > from, text[start - 1].scalar.properties.isWhitespace { start -= 1 }
        }
        if token.stripsRight {
            while end < text.endIndex, text[end].scalar.properties.isWhitespace { end += 1 }
        }
        return start..<end
    }
}

/// True for letters, marks, digits and what joins them, as `\w` in a pattern.
private func isOfWord(_ scalar: Unicode.Scalar) -> Bool {
    let category = scalar.properties.generalCategory
    return scalar.properties.isAlphabetic || category.isMark || category == .decimalNumber
        || category == .connectorPunctuation || scalar.properties.isJoinControl
}

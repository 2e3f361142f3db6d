/// One id and the place in the prompt that it begins at.
struct Token {
    let id: Int32
    /// An index into the prompt's scalars.
    let source: Int32
}

/// The ids that frame a prompt.
struct FrameIDs {
    let begin: Int32
    let end: Int32
    let padding: Int32
}

/// What the two kinds of tokenizer do differently; everything else is the extension below.
protocol TokenizerStages: Tokenizer {
    /// The ids around the content.
    var frame: FrameIDs { get }
    /// The tokens that are found in a prompt before anything else.
    var addedTokens: AddedTokens { get }

    /// The text as the vocabulary knows it: cleaned, in one normal form, in lower case.
    func normalized(_ text: ArraySlice<TracedScalar>) -> [TracedScalar]

    /// Appends the tokens of normalised text without added tokens in it.
    func appendTokens(of text: ArraySlice<TracedScalar>, to tokens: inout [Token])
}

extension TokenizerStages {
    var paddingID: Int32 { frame.padding }
    var beginID: Int32 { frame.begin }
    var endID: Int32 { frame.end }

    func tokens(_ text: String) -> [Int32] {
        tracedTokens(traced(text)).map(\.id)
    }

    func encode(_ text: String, length: Int) -> TokenizedPrompt {
        precondition(length >= 2, "a prompt needs room for its begin and its end")
        let scalars = traced(text)
        let tokens = tracedTokens(scalars)
        let kept = min(tokens.count, length - 2)
        var ids = [frame.begin]
        ids.reserveCapacity(length)
        for token in tokens.prefix(kept) { ids.append(token.id) }
        ids.append(frame.end)
        ids += repeatElement(frame.padding, count: length - ids.count)
        let rest = kept < tokens.count ? scalars[Int(tokens[kept].source)...] : nil
        return TokenizedPrompt(
            ids: ids, contentCount: tokens.count, truncatedText: rest.map { string($0) })
    }

    /// Splits at the added tokens that are taken as written, normalises what lies between, splits
    /// that at the others, and hands the rest to the vocabulary.
    private func tracedTokens(_ scalars: [TracedScalar]) -> [Token] {
        var tokens: [Token] = []
        addedTokens.asWritten.split(scalars[...]) { piece in
            switch piece {
            case .token(let token): tokens.append(token)
            case .text(let text):
                addedTokens.afterNormalization.split(normalized(text)[...]) { piece in
                    switch piece {
                    case .token(let token): tokens.append(token)
                    case .text(let text): appendTokens(of: text, to: &tokens)
                    }
                }
            }
        }
        return tokens
    }
}

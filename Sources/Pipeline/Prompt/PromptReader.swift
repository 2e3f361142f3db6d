internal import Models
internal import Tokenizers
internal import WeightStore

/// Turns a request's prompts into the tokens of one text encoder.
struct PromptReader {
    private let tokenizer: any Tokenizer
    private let learned: [LearnedWord]
    private let isPooled: Bool
    /// Tokens of a sequence, begin and end included.
    private let length: Int

    /// A word that stands for vectors of a textual inversion.
    struct LearnedWord {
        let word: String
        let ids: [Int32]
    }

    /// Slices of a long prompt.
    private static let mostSlices = 32

    init(_ tokenizer: any Tokenizer, for encoder: any TextEncoder, learned: [LearnedWord]) {
        self.tokenizer = tokenizer
        self.learned = learned.sorted { $0.word.count > $1.word.count }
        isPooled = encoder.isPooled
        length = min(tokenizer.maximumLength, encoder.maximumLength)
    }

    /// The tokens of a request; what does not fit is left out, with a warning.
    func tokens(of request: GenerationRequest) throws(PipelineError) -> RequestTokens {
        var result = RequestTokens(prompts: [], empty: framed([], to: length))
        let prompt = try content(
            of: request.prompt, in: request,
            room: request.isLongPrompt ? Self.mostSlices * length - 2 : length - 2)
        let isSliced = prompt.ids.count > length - 2
        guard !isSliced || !isPooled else {
            throw .invalidRequest(
                field: "long prompt", expected: "a model that sees more than one vector of it",
                found: "one that makes one vector of a prompt of at most \(length) tokens")
        }
        warn("prompt", prompt, &result)
        if request.guidance > 1 {
            // PAI's way: the negative prompt becomes as long as the prompt, be it cut or filled up.
            let negative = try content(
                of: request.negativePrompt, in: request,
                room: isSliced ? prompt.ids.count : length - 2)
            warn("negative prompt", negative, &result)
            result.prompts.append(sequences(of: negative, asLongAs: prompt, isSliced: isSliced))
        } else if !request.negativePrompt.isEmpty {
            result.warnings.append("the negative prompt does nothing without guidance above 1")
        }
        result.prompts.append(sequences(of: prompt, asLongAs: prompt, isSliced: isSliced))
        if isPooled && result.prompts.contains(where: { !$0.weights.isEmpty }) {
            result.warnings.append(
                "this model makes one vector of the whole prompt: its weights do nothing")
        }
        return result
    }

    private func warn(_ field: String, _ content: Content, _ tokens: inout RequestTokens) {
        guard let cut = content.cut else { return }
        tokens.warnings.append(
            "the \(field) is longer than \(content.room + 2) tokens; left out: "
                + "\"\(printable(cut))\"")
    }
}

// MARK: - Content

extension PromptReader {
    /// A prompt's own tokens, without begin and end.
    private struct Content {
        let room: Int
        var ids: [Int32] = []
        var weights: [Double] = []
        /// The end of the prompt, where that did not fit.
        var cut: String?

        mutating func append(_ more: some Collection<Int32>, weight: Double) {
            ids += more
            weights += Array(repeating: weight, count: more.count)
        }
    }

    private func content(
        of prompt: String, in request: GenerationRequest, room: Int
    ) throws(PipelineError) -> Content {
        let texts =
            request.isPlainPrompt
            ? [WeightedText(text: prompt, weight: 1)] : try weightedTexts(prompt)
        var content = Content(room: room)
        for (text, weight) in texts.map({ ($0.text, $0.weight) }) {
            for piece in pieces(of: text) {
                if content.cut == nil {
                    append(piece, weight: weight, to: &content)
                } else {
                    content.cut?.append(piece.text)
                }
            }
        }
        return content
    }

    /// Text, or a learned word.
    private struct Piece {
        var text: String
        var ids: [Int32]?
    }

    private func append(_ piece: Piece, weight: Double, to content: inout Content) {
        let room = content.room - content.ids.count
        if let ids = piece.ids {
            if ids.count <= room {
                content.append(ids, weight: weight)
            } else {
                content.cut = piece.text
            }
            return
        }
        let encoded = tokenizer.encode(piece.text, length: room + 2)
        content.append(
            encoded.ids[1..<1 + min(encoded.contentCount, room)], weight: weight)
        content.cut = encoded.truncatedText
    }

    /// Splits at the learned words, the longest first where several begin.
    private func pieces(of text: String) -> [Piece] {
        guard !learned.isEmpty else { return [Piece(text: text)] }
        var pieces: [Piece] = []
        var plain = ""
        var rest = Substring(text)
        while let first = rest.first {
            if let found = learned.first(where: { rest.hasPrefix($0.word) }) {
                if !plain.isEmpty { pieces.append(Piece(text: plain)) }
                plain = ""
                pieces.append(Piece(text: found.word, ids: found.ids))
                rest = rest.dropFirst(found.word.count)
            } else {
                plain.append(first)
                rest = rest.dropFirst()
            }
        }
        if !plain.isEmpty { pieces.append(Piece(text: plain)) }
        return pieces
    }
}

// MARK: - Sequences

extension PromptReader {
    /// Begin, ids, end, filled up to `count`.
    private func framed(_ ids: [Int32], to count: Int) -> [Int32] {
        [tokenizer.beginID] + ids + [tokenizer.endID]
            + Array(repeating: tokenizer.paddingID, count: count - ids.count - 2)
    }

    /// One sequence, or slices that are encoded each by itself, with one begin and one end in all; the
    /// last slice is as short as it comes.
    /// - Source: EasyNLP, `chinese_sd_webui/ChineseSD/scripts/utils_ch/utils_ch_df.py`.
    private func sequences(
        of content: Content, asLongAs prompt: Content, isSliced: Bool
    ) -> PromptTokens {
        let count = isSliced ? prompt.ids.count + 2 : length
        let ids = framed(content.ids, to: count)
        let isWeighted = content.weights.contains { $0 != 1 }
        let filling = Array(repeating: 1.0, count: count - content.ids.count - 1)
        return PromptTokens(
            sequences: stride(from: 0, to: count, by: length).map {
                Array(ids[$0..<min($0 + length, count)])
            },
            weights: isWeighted ? ([1] + content.weights + filling).map(Float.init) : [])
    }
}

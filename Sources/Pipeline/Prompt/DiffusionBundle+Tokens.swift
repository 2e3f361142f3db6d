internal import Layers
internal import Models
internal import WeightStore

extension DiffusionBundle {
    /// The tokens of a request's prompts.
    /// - Parameter encoder: the model's own, as it was opened.
    func tokens(
        of request: GenerationRequest, for encoder: any TextEncoder
    ) throws -> RequestTokens {
        var known = encoder.vocabularySize
        let learned = textualInversions.map { inversion in
            defer { known += inversion.vectors.rows }
            return PromptReader.LearnedWord(
                word: inversion.word,
                ids: (known..<known + inversion.vectors.rows).map(Int32.init))
        }
        let tokens = try PromptReader(
            try tokenizer(defaultLength: encoder.promptLength), for: encoder, learned: learned
        ).tokens(of: request)
        for id in (tokens.prompts.flatMap(\.sequences) + [tokens.empty]).joined()
        where id < 0 || id >= known {
            throw PipelineError.unsupportedPart(
                bundle: bundle.path, part: "tokenizer",
                found: "one with token id \(id), for a text encoder of \(known) tokens")
        }
        return tokens
    }
}

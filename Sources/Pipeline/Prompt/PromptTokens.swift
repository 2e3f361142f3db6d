/// A prompt as a text encoder takes it.
struct PromptTokens: Sendable, Equatable {
    /// Token ids, encoded one sequence after the other: one, or the slices of a long prompt.
    var sequences: [[Int32]]
    /// How much each token counts, over all sequences; empty where all count 1.
    var weights: [Float] = []

    /// Tokens of all sequences.
    var count: Int { sequences.reduce(0) { $0 + $1.count } }
}

/// The tokens of a request's prompts: of the negative one and the prompt, or of the prompt alone where there
/// is no guidance.
struct RequestTokens: Sendable {
    var prompts: [PromptTokens]
    /// A prompt without words, as long as a sequence: what tokens are weighed against.
    var empty: [Int32]
    /// What did not fit.
    var warnings: [String] = []
}

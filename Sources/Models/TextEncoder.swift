package import Layers
package import Tensors
package import WeightStore

/// What turns a prompt's token ids into the hidden states that a U-Net attends to.
package protocol TextEncoder: Sendable {
    /// Channels of a hidden state.
    var width: Int { get }
    /// Longest sequence, in tokens.
    var maximumLength: Int { get }
    /// Tokens of a prompt where the tokenizer's files do not say.
    var promptLength: Int { get }
    /// Token ids are below this, those of vectors that were added aside.
    var vocabularySize: Int { get }
    /// Channels of a token's vector.
    var tokenChannels: Int { get }
    /// Whether a whole prompt becomes one vector.
    var isPooled: Bool { get }

    /// Adds tokens of `tokenChannels` channels (trap otherwise), with ids from `vocabularySize` on, after
    /// those added before.
    mutating func learn(_ vectors: EmbeddingTable)

    /// Token ids [N, T] → hidden states [N, T, C], or as many as the U-Net was trained with.
    ///
    /// All sequences are equally long, at most `maximumLength`, each id that of a token (trap
    /// otherwise).
    func callAsFunction(_ ids: [[Int32]], on executor: Executor) -> Tensor
}

extension TextEncoder {
    package var promptLength: Int { maximumLength }
    package var tokenChannels: Int { width }
    package var isPooled: Bool { false }
}

/// Upstream's classes of text encoders.
package let textEncoderClasses =
    ["CLIPTextModel", WukongTextEmbedder.className] + BertModel.Kind.allCases.map(\.rawValue)

/// Reads the text encoder of upstream class `className`.
package func makeTextEncoder(
    className: String, configuration: JSONObject, weights: WeightReader
) throws -> any TextEncoder {
    if let kind = BertModel.Kind(rawValue: className) {
        return try BertModel(kind: kind, configuration: configuration, weights: weights)
    }
    if className == WukongTextEmbedder.className {
        return try WukongTextEmbedder(configuration: configuration, weights: weights)
    }
    return try CLIPTextModel(configuration: configuration, weights: weights)
}

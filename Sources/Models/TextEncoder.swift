package import Tensors

/// What turns a prompt's token ids into the hidden states that a U-Net attends to.
package protocol TextEncoder: Sendable {
    /// Channels of a hidden state.
    var width: Int { get }
    /// Longest sequence, in tokens.
    var maximumLength: Int { get }
    /// Tokens of a prompt where the tokenizer's files do not say.
    var promptLength: Int { get }
    /// Token ids are below this.
    var vocabularySize: Int { get }

    /// Token ids [N, T] → hidden states [N, T, C], or as many as the U-Net was trained with.
    ///
    /// All sequences are equally long, at most `maximumLength`, ids below `vocabularySize` (trap otherwise).
    func callAsFunction(_ ids: [[Int32]], on executor: Executor) -> Tensor
}

extension TextEncoder {
    package var promptLength: Int { maximumLength }
}

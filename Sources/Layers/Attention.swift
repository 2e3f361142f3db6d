internal import CKernels
package import Tensors

/// Multi-head softmax attention with its four projections.
///
/// out = W_o · concat(softmax(q·kᵀ/√D) · v) + b_o; D = inner channels / heads.
/// - Source: Vaswani et al., arXiv:1706.03762.
package struct Attention: Sendable {
    /// Where the four projections stand under the attention's own name, and which have a bias.
    package struct Names: Sendable {
        let query, key, value, output: String
        let inputBias: Bool

        /// diffusers' transformer blocks.
        package static let diffusers = Names(
            query: "to_q", key: "to_k", value: "to_v", output: "to_out.0", inputBias: false)
        /// diffusers' autoencoder.
        package static let autoencoder = Names(
            query: "to_q", key: "to_k", value: "to_v", output: "to_out.0", inputBias: true)
        /// transformers' CLIP.
        package static let clip = Names(
            query: "q_proj", key: "k_proj", value: "v_proj", output: "out_proj", inputBias: true)
        /// transformers' BERT.
        package static let bert = Names(
            query: "self.query", key: "self.key", value: "self.value", output: "output.dense",
            inputBias: true)
    }

    private let query: Linear
    private let key: Linear
    private let value: Linear
    private let output: Linear
    private let product: AttentionProduct
    /// Over the queries' own input, whose weights spread over many keys. A text's first token, which
    /// takes most of the weight of a cross-attention, would leave little of 8 bits to the others.
    private let selfProduct: AttentionProduct

    /// - Parameters:
    ///   - channels: of the queries' input and of the result.
    ///   - contextChannels: of the keys' and values' input.
    ///   - inner: channels inside, a multiple of `heads` (trap otherwise).
    package init(
        _ name: String, channels: Int, contextChannels: Int, inner: Int, heads: Int,
        names: Names, causal: Bool = false, from weights: WeightReader
    ) throws {
        precondition(heads > 0 && inner % heads == 0)
        let bias = names.inputBias
        query = try Linear(
            "\(name).\(names.query)", channels: channels, outputs: inner, bias: bias,
            from: weights)
        key = try Linear(
            "\(name).\(names.key)", channels: contextChannels, outputs: inner, bias: bias,
            from: weights)
        value = try Linear(
            "\(name).\(names.value)", channels: contextChannels, outputs: inner, bias: bias,
            from: weights)
        output = try Linear(
            "\(name).\(names.output)", channels: inner, outputs: channels, from: weights)
        let dimension = inner / heads
        product = AttentionProduct(heads: heads, headDimension: dimension, causal: causal)
        selfProduct = AttentionProduct(
            heads: heads, headDimension: dimension, causal: causal,
            mayQuantize: query.matrix.isInt8 && !causal)
    }

    /// Self-attention: [N, T, C] → [N, T, C], the input layer-normalised, the residual added.
    package func callAsFunction(
        _ x: Tensor, norm: LayerNorm, residual: Residual, on executor: Executor
    ) -> Tensor {
        selfAttention(x, .layerNorm(norm), residual: residual, on: executor)
    }

    /// Self-attention over an input as it is.
    /// - Parameter keyBias: T values added to every query's scores (−infinity hides a token), or nil.
    package func callAsFunction(
        _ x: Tensor, keyBias: [Float]?, residual: Residual, on executor: Executor
    ) -> Tensor {
        guard let keyBias else {
            return selfAttention(x, .none, residual: residual, on: executor)
        }
        let projected = Linear.project(x, .none, [query, key, value], on: executor)
        let packed = product.pack(keys: projected[1], values: projected[2], on: executor)
        let mixed = product(over: projected[0], packed, keyBias: keyBias, on: executor)
        return output(mixed, residual: residual, on: executor)
    }

    /// Self-attention over a group-normalised input (the autoencoder's).
    package func callAsFunction(
        _ x: Tensor, scaledBy norm: ScaleShift, residual: Residual, on executor: Executor
    ) -> Tensor {
        selfAttention(x, .scaleShift(norm), residual: residual, on: executor)
    }

    /// Cross-attention from [N, T, C] to a context [N, S, C'].
    package func callAsFunction(
        _ x: Tensor, context: Tensor, norm: LayerNorm, residual: Residual, on executor: Executor
    ) -> Tensor {
        let q = Linear.project(x, .layerNorm(norm), [query], on: executor)
        let kv = Linear.project(context, .none, [key, value], on: executor)
        let packed = product.pack(keys: kv[0], values: kv[1], on: executor)
        let mixed = product(over: q[0], packed, on: executor)
        return output(mixed, residual: residual, on: executor)
    }

    private func selfAttention(
        _ x: Tensor, _ prologue: Prologue, residual: Residual, on executor: Executor
    ) -> Tensor {
        // The input is packed once for all three; but where it is large, for the queries apart.
        let isLarge = x.shape.pixels > Self.mostTokensAtOnce
        var projected = Linear.project(
            x, prologue, isLarge ? [key, value] : [query, key, value], on: executor)
        let packed = selfProduct.pack(
            keys: projected[projected.count - 2], values: projected[projected.count - 1],
            on: executor)
        projected.removeLast(2)
        let queries = projected.first ?? Linear.project(x, prologue, [query], on: executor)[0]
        projected = []
        let mixed = selfProduct(over: queries, packed, on: executor)
        return output(mixed, residual: residual, on: executor)
    }

    /// From here on the keys and values are let go, packed, before there are queries.
    private static let mostTokensAtOnce = 8192
}

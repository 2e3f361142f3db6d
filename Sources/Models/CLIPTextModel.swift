package import Layers
package import Tensors
package import WeightStore

/// The causal text transformer of CLIP, which every Stable Diffusion and PAI-Diffusion model conditions on.
///
/// Pre-norm blocks; the result is the last layer's hidden state after the final layer norm.
/// - Source: Radford et al., arXiv:2103.00020; transformers' modeling_clip.py.
package struct CLIPTextModel: TextEncoder {
    private struct Block: Sendable {
        let norm1: LayerNorm
        let attention: Attention
        let norm2: LayerNorm
        let expand: Linear
        let contract: Linear
    }

    package let width: Int
    package let maximumLength: Int
    package let vocabularySize: Int
    private var tokens: EmbeddingTable
    private let positions: EmbeddingTable
    private let blocks: [Block]
    private let finalNorm: LayerNorm
    private let activation: Activation

    /// Reads the weights of transformers' CLIPTextModel, with or without the `text_model.` prefix.
    package init(configuration: JSONObject, weights: WeightReader) throws {
        try self.init(configuration: configuration, partOf: weights)
        try weights.finish()
    }

    /// The same from a file that holds more.
    init(configuration: JSONObject, partOf weights: WeightReader) throws {
        let reader = ConfigurationReader(model: "CLIPTextModel", object: configuration)
        let width = try reader.int("hidden_size", in: 1...16384)
        let heads = try reader.int("num_attention_heads", in: 1...256)
        let inner = try reader.int("intermediate_size", in: 1...65536)
        let layers = try reader.int("num_hidden_layers", in: 1...128)
        let epsilon = Float(try reader.positive("layer_norm_eps", default: 1e-5))
        guard width % heads == 0, width / heads <= 512 else {
            throw reader.invalid(
                "num_attention_heads", "a divisor of hidden_size \(width)",
                reader.present("num_attention_heads"))
        }
        activation = try Self.activation(reader)
        self.width = width
        maximumLength = try reader.int("max_position_embeddings", in: 1...4096)
        vocabularySize = try reader.int("vocab_size", in: 1...1_000_000)

        let prefix = Self.prefix(in: weights)
        tokens = try weights.table(
            prefix + "embeddings.token_embedding.weight", rows: vocabularySize, channels: width)
        positions = try weights.table(
            prefix + "embeddings.position_embedding.weight", rows: maximumLength, channels: width)
        blocks = try (0..<layers).map { index in
            let name = "\(prefix)encoder.layers.\(index)"
            return Block(
                norm1: try LayerNorm(
                    name + ".layer_norm1", channels: width, epsilon: epsilon, from: weights),
                attention: try Attention(
                    name + ".self_attn", channels: width, contextChannels: width, inner: width,
                    heads: heads, names: .clip, causal: true, from: weights),
                norm2: try LayerNorm(
                    name + ".layer_norm2", channels: width, epsilon: epsilon, from: weights),
                expand: try Linear(
                    name + ".mlp.fc1", channels: width, outputs: inner, from: weights),
                contract: try Linear(
                    name + ".mlp.fc2", channels: inner, outputs: width, from: weights))
        }
        finalNorm = try LayerNorm(
            prefix + "final_layer_norm", channels: width, epsilon: epsilon, from: weights)
    }

    package mutating func learn(_ vectors: EmbeddingTable) { tokens.append(vectors) }

    package func callAsFunction(_ ids: [[Int32]], on executor: Executor) -> Tensor {
        let length = ids.first?.count ?? 0
        precondition(length <= maximumLength)
        let order = (0..<Int32(length)).map { $0 }
        var hidden = tokens(ids, on: executor)
        let places = positions(ids.map { _ in order }, on: executor)
        add(places, to: hidden, on: executor)
        for block in blocks {
            hidden = block.attention(
                hidden, norm: block.norm1, residual: Residual(hidden), on: executor)
            let inner = block.expand(
                hidden, norm: block.norm2, activation: activation, on: executor)
            hidden = block.contract(inner, residual: Residual(hidden), on: executor)
        }
        return finalNorm(hidden, on: executor)
    }

    /// Asks for two names, so that a file that lacks one of them is still told by the other.
    private static func prefix(in weights: WeightReader) -> String {
        let prefix = "text_model."
        let names = ["final_layer_norm.weight", "embeddings.token_embedding.weight"]
        return names.contains { weights.contains(prefix + $0) } ? prefix : ""
    }

    private static func activation(_ reader: ConfigurationReader) throws -> Activation {
        let name = try reader.string("hidden_act", default: "quick_gelu")
        switch name {
        case "quick_gelu": return .quickGELU
        case "gelu": return .gelu
        default: throw reader.unsupported("hidden_act", name)
        }
    }
}

package import Layers
package import Tensors
package import WeightStore

/// The bidirectional text transformer of BERT: Taiyi's text encoder, and Chinese-CLIP's.
///
/// Post-norm blocks; the result is the last layer's hidden state. Taiyi attends to what fills a prompt
/// up, Chinese-CLIP does not.
/// - Source: Devlin et al., arXiv:1810.04805; transformers' modeling_bert.py, modeling_chinese_clip.py.
package struct BertModel: TextEncoder {
    private struct Block: Sendable {
        let attention: Attention
        let norm1: LayerNorm
        let expand: Linear
        let contract: Linear
        let norm2: LayerNorm
    }

    /// Upstream's class, for what is hidden.
    package enum Kind: String, CaseIterable, Sendable {
        case bert = "BertModel"
        case chineseCLIP = "ChineseCLIPTextModel"
    }

    package let width: Int
    package let maximumLength: Int
    package let vocabularySize: Int
    package var promptLength: Int {
        kind == .chineseCLIP ? min(Self.chineseCLIPLength, maximumLength) : maximumLength
    }

    private let kind: Kind
    private let padding: Int32
    private var words: EmbeddingTable
    private let positions: EmbeddingTable
    private let types: EmbeddingTable
    private let norm: LayerNorm
    private let blocks: [Block]

    /// - Source: the `ChineseCLIPProcessor` of the published checkpoints.
    private static let chineseCLIPLength = 52

    /// Reads the weights of transformers' BertModel without its pooler.
    package init(kind: Kind, configuration: JSONObject, weights: WeightReader) throws {
        let reader = ConfigurationReader(model: kind.rawValue, object: configuration)
        let width = try reader.int("hidden_size", in: 1...16384)
        let heads = try reader.int("num_attention_heads", in: 1...256)
        let inner = try reader.int("intermediate_size", in: 1...65536)
        let layers = try reader.int("num_hidden_layers", in: 1...128)
        let epsilon = Float(try reader.positive("layer_norm_eps", default: 1e-12))
        guard width % heads == 0, width / heads <= 512 else {
            throw reader.invalid(
                "num_attention_heads", "a divisor of hidden_size \(width)",
                reader.present("num_attention_heads"))
        }
        try reader.require("hidden_act", "gelu")
        try reader.require("position_embedding_type", "absolute")
        self.kind = kind
        self.width = width
        maximumLength = try reader.int("max_position_embeddings", in: 1...4096)
        vocabularySize = try reader.int("vocab_size", in: 1...1_000_000)
        padding = Int32(try reader.int("pad_token_id", in: 0...1_000_000, default: 0))
        let typeCount = try reader.int("type_vocab_size", in: 1...64, default: 2)

        words = try weights.table(
            "embeddings.word_embeddings.weight", rows: vocabularySize, channels: width)
        positions = try weights.table(
            "embeddings.position_embeddings.weight", rows: maximumLength, channels: width)
        types = try weights.table(
            "embeddings.token_type_embeddings.weight", rows: typeCount, channels: width)
        norm = try LayerNorm(
            "embeddings.LayerNorm", channels: width, epsilon: epsilon, from: weights)
        blocks = try (0..<layers).map { index in
            let name = "encoder.layer.\(index)"
            return Block(
                attention: try Attention(
                    name + ".attention", channels: width, contextChannels: width, inner: width,
                    heads: heads, names: .bert, from: weights),
                norm1: try LayerNorm(
                    name + ".attention.output.LayerNorm", channels: width, epsilon: epsilon,
                    from: weights),
                expand: try Linear(
                    name + ".intermediate.dense", channels: width, outputs: inner, from: weights),
                contract: try Linear(
                    name + ".output.dense", channels: inner, outputs: width, from: weights),
                norm2: try LayerNorm(
                    name + ".output.LayerNorm", channels: width, epsilon: epsilon, from: weights))
        }
        try weights.finish()
    }

    package mutating func learn(_ vectors: EmbeddingTable) { words.append(vectors) }

    package func callAsFunction(_ ids: [[Int32]], on executor: Executor) -> Tensor {
        let length = ids.first?.count ?? 0
        precondition(length <= maximumLength)
        guard kind == .chineseCLIP else { return encode(ids, hiding: nil, on: executor) }
        // Each sequence hides what fills it up, so each goes through by itself.
        let result = executor.tensor(Shape(images: ids.count, tokens: length, channels: width))
        for (image, sequence) in ids.enumerated() {
            let bias = sequence.map { $0 == padding ? -Float.infinity : 0 }
            let hidden = encode([sequence], hiding: bias, on: executor)
            result.set(row: 0, image: image, to: hidden.values.span)
        }
        return result
    }

    /// - Parameter bias: added to every query's scores, −infinity for hidden tokens.
    private func encode(
        _ ids: [[Int32]], hiding bias: [Float]?, on executor: Executor
    ) -> Tensor {
        let order = ids.map { $0.indices.map(Int32.init) }
        let embedded = words(ids, on: executor)
        add(positions(order, on: executor), to: embedded, on: executor)
        add(types(ids.map { $0.map { _ in 0 } }, on: executor), to: embedded, on: executor)
        var hidden = norm(embedded, on: executor)
        for block in blocks {
            let attended = block.attention(
                hidden, keyBias: bias, residual: Residual(hidden), on: executor)
            hidden = block.norm1(attended, on: executor)
            let inner = block.expand(hidden, activation: .gelu, on: executor)
            let contracted = block.contract(inner, residual: Residual(hidden), on: executor)
            hidden = block.norm2(contracted, on: executor)
        }
        return hidden
    }
}

package import Layers
package import Tensors
package import WeightStore

/// The text encoder of PAI-Diffusion 2022: one vector for a whole prompt.
///
/// CLIPTextModel's hidden state at [SEP], projected, its length made 1.
/// - Source: EasyNLP, `modelzoo/models/latent_diffusion/wukong.py`, which repeats the vector `n_repeat`
///   times: to attention, equal keys are one.
package struct WukongTextEmbedder: TextEncoder {
    /// Upstream's class.
    package static let className = "FrozenWukongCLIPTextEmbedder"

    package let width: Int
    package var maximumLength: Int { transformer.maximumLength }
    package var vocabularySize: Int { transformer.vocabularySize }
    package var tokenChannels: Int { transformer.width }
    package var isPooled: Bool { true }
    private var transformer: CLIPTextModel
    private let projection: Linear

    /// The id of [SEP] in the vocabulary of BERT's Chinese model, which upstream has in its code as well.
    private static let separator: Int32 = 102

    package init(configuration: JSONObject, weights: WeightReader) throws {
        transformer = try CLIPTextModel(configuration: configuration, partOf: weights)
        let reader = ConfigurationReader(model: Self.className, object: configuration)
        width = try reader.int("projection_dim", in: 1...16384, default: transformer.width)
        projection = try Linear(
            "text_projection", channels: transformer.width, outputs: width, bias: false,
            from: weights)
        try weights.finish()
    }

    package mutating func learn(_ vectors: EmbeddingTable) { transformer.learn(vectors) }

    /// Token ids [N, T] → vectors [N, 1, C].
    package func callAsFunction(_ ids: [[Int32]], on executor: Executor) -> Tensor {
        let hidden = transformer(ids, on: executor)
        let tokens = hidden.shape.pixels
        let values = hidden.values
        let pooled = ids.enumerated().flatMap { image, ids in
            let token = ids.lastIndex(of: Self.separator) ?? tokens - 1
            let first = (image * tokens + token) * transformer.width
            return values[first..<first + transformer.width]
        }
        let vectors = projection(
            Tensor(
                pooled, shape: Shape(images: ids.count, tokens: 1, channels: transformer.width),
                in: executor.workspace), on: executor)
        let numbers = vectors.values
        let normalized = ids.indices.flatMap { image in
            let vector = numbers[image * width..<(image + 1) * width]
            let length = vector.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            return vector.map { Float(Double($0) / length) }
        }
        return Tensor(normalized, shape: vectors.shape, in: executor.workspace)
    }
}

internal import Layers
internal import Models
package import WeightStore

/// Vectors that stand for a word which a model did not know, trained for its text encoder; made into a
/// bundle by `inkstone-quantize`.
/// - Source: Gal et al., arXiv:2208.01618.
public struct TextualInversion: Sendable {
    package let bundle: Bundle
    /// What stands for the vectors in a prompt.
    public let word: String
    /// The vectors, rows as in the text encoder's own table.
    let vectors: EmbeddingTable

    private static let className = "TextualInversion"

    /// Opens a bundle.
    /// - Parameter path: the bundle's folder.
    public init(bundle path: String) throws {
        try self.init(Bundle.open(path))
    }

    package init(_ bundle: Bundle) throws {
        guard bundle.family == "textual-inversion", let stage = bundle.stages["text_encoder"],
            stage.className == Self.className, let word = stage.config["word"]?.string,
            !word.isEmpty
        else {
            throw PipelineError.invalidRequest(
                field: "embedding",
                expected: "a textual inversion's bundle, as inkstone-quantize makes it",
                found: "\(printable(bundle.name)), of family \(bundle.family)")
        }
        let file = try bundle.weights("text_encoder")
        let shape = try file.tensor(Self.tensorName).shape
        guard shape.count == 2 else {
            throw PipelineError.unsupportedPart(
                bundle: bundle.path, part: "text_encoder", found: "\(Self.tensorName) \(shape)")
        }
        let reader = WeightReader(file)
        self.bundle = bundle
        self.word = word
        vectors = try reader.table(Self.tensorName, rows: shape[0], channels: shape[1])
        try reader.finish()
    }

    /// Adds the vectors to an encoder, which must be of their kind.
    func teach(_ encoder: inout any TextEncoder) throws(PipelineError) {
        guard encoder.tokenChannels == vectors.channels else {
            throw .invalidRequest(
                field: "embedding",
                expected:
                    "vectors of \(encoder.tokenChannels) numbers, as the model's text encoder has",
                found: "\(printable(bundle.name)), of \(vectors.channels)")
        }
        encoder.learn(vectors)
    }

    private static let tensorName = "emb_params"
}

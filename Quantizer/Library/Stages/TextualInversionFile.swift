import WeightStore

/// A textual inversion: the vectors of one word for one text encoder.
///
/// Published as diffusers' `learned_embeds` (one tensor, named as the word), and as AUTOMATIC1111's `.pt`
/// (`string_to_param`) or `.safetensors` (`emb_params`), which do not name it: its word is the file's name.
/// - Source: Gal et al., arXiv:2208.01618; diffusers, `loaders/textual_inversion.py`.
struct TextualInversionFile {
    private let source: any CheckpointSource
    private let tensor: CheckpointTensor

    static let tensorName = "emb_params"
    /// What AUTOMATIC1111's files call the word that they do not name.
    private static let unnamed: Set<String> = [tensorName, "*"]
    private static let mostVectors = 256

    /// nil for a file of something else: one of these has nothing but one vector, or a few.
    init?(_ source: any CheckpointSource) {
        guard source.tensors.count == 1, let tensor = source.tensors.first,
            (1...2).contains(tensor.shape.count),
            tensor.shape.count == 1 || tensor.shape[0] <= Self.mostVectors,
            !tensor.name.hasSuffix(".weight")
        else { return nil }
        self.source = source
        self.tensor = tensor
    }

    /// The stage.
    /// - Parameter word: where the file names none.
    func stage(word: String) throws(QuantizerError) -> Stage {
        let shape = tensor.shape.count == 1 ? [1] + tensor.shape : tensor.shape
        let word = Self.unnamed.contains(tensor.name) ? word : tensor.name
        return try Stage(
            kind: .textEncoder, architecture: .textualInversion,
            configuration: [
                "word": .string(word), "vectors": JSONValue(shape[0]),
                "channels": JSONValue(shape[1]),
            ],
            configurationPath: source.path,
            source: RenamedSource(
                source,
                [Self.tensorName: RenamedSource.Origin(tensor: tensor, shape: shape)]))
    }
}

extension ExpectedTensors {
    /// A textual inversion: one table of `vectors` rows of `channels`.
    static func textualInversion(
        _ configuration: ConfigurationReader
    ) throws(QuantizerError) -> ExpectedTensors {
        var list = ExpectedTensors()
        list.table(
            TextualInversionFile.tensorName, try configuration.size("vectors"),
            try configuration.size("channels"))
        return list
    }
}

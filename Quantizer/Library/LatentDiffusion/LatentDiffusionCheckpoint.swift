import WeightStore

/// A whole model in one file, as the original latent-diffusion code saves it: U-Net, autoencoder and
/// text encoder under `model.diffusion_model.`, `first_stage_model.` and `cond_stage_model.`. Whatever
/// else stands in the file is left out.
struct LatentDiffusionCheckpoint {
    private let facts: LatentDiffusionFacts
    private let source: any CheckpointSource
    private let unet: LatentDiffusionUNet
    private let autoencoder: LatentDiffusionAutoencoder
    private let text: LatentDiffusionText

    /// Whether the file is one.
    static func recognizes(_ source: any CheckpointSource) -> Bool {
        source.tensors.contains { $0.name.hasPrefix(LatentDiffusionUNet.prefix) }
    }

    /// A file without configuration.
    /// - Parameter family: nil for what the shapes tell.
    init(_ source: any CheckpointSource, family: ModelFamily?) throws(QuantizerError) {
        let unet = try Self.unet(source)
        let known =
            if let family { family } else { try ModelFamily(unet, path: source.path) }
        try self.init(source, unet, known.facts)
    }

    /// A file whose configuration was read.
    init(_ source: any CheckpointSource, facts: LatentDiffusionFacts) throws(QuantizerError) {
        try self.init(source, try Self.unet(source), facts)
    }

    private init(
        _ source: any CheckpointSource, _ unet: LatentDiffusionUNet, _ facts: LatentDiffusionFacts
    ) throws(QuantizerError) {
        self.source = source
        self.unet = unet
        self.facts = facts
        autoencoder = LatentDiffusionAutoencoder(
            TensorNames(source, prefix: LatentDiffusionAutoencoder.prefix))
        text = try LatentDiffusionText(
            source, heads: facts.textHeads, isPooled: facts.isTextPooled)
    }

    private static func unet(
        _ source: any CheckpointSource
    ) throws(QuantizerError) -> LatentDiffusionUNet {
        try LatentDiffusionUNet(TensorNames(source, prefix: LatentDiffusionUNet.prefix))
    }

    /// The networks, their tensors checked but not read.
    func stages() throws(QuantizerError) -> [Stage] {
        let side = facts.sampleSize
        var autoencoderConfiguration = try autoencoder.configuration(sampleSize: 8 * side)
        autoencoderConfiguration["scaling_factor"] = .number(facts.scalingFactor)
        if facts.truncatesPixels { autoencoderConfiguration["truncate_pixels"] = true }
        let tensors = unet.tensors()
        return [
            try stage(.textEncoder, text.architecture, try text.configuration(), text.tensors()),
            try stage(
                .unet, .unet,
                try unet.configuration(heads: facts.heads, sampleSize: side),
                facts.usesAverages ? averaged(tensors) : tensors),
            try stage(.vae, .autoencoder, autoencoderConfiguration, autoencoder.tensors()),
        ]
    }

    private func stage(
        _ kind: Stage.Kind, _ architecture: Architecture, _ configuration: JSONObject,
        _ tensors: [String: RenamedSource.Origin]
    ) throws(QuantizerError) -> Stage {
        try Stage(
            kind: kind, architecture: architecture, configuration: configuration,
            configurationPath: source.path, source: RenamedSource(source, tensors))
    }

    /// The U-Net's weights averaged over the training, `model_ema.`, where all of them are there: what
    /// the original code draws with. Their names have lost their dots.
    private func averaged(
        _ tensors: [String: RenamedSource.Origin]
    ) -> [String: RenamedSource.Origin] {
        let averages = TensorNames(source, prefix: "model_ema.")
        let found = tensors.compactMapValues { origin -> RenamedSource.Origin? in
            let name = origin.tensor.name.dropFirst("model.".count)
            return averages.tensors[String(name.filter { $0 != "." })].map {
                RenamedSource.Origin(tensor: $0)
            }
        }
        return found.count == tensors.count ? found : tensors
    }

    /// The scheduler's configuration.
    var scheduler: JSONObject { facts.scheduler }

    /// The tokenizer in `folder`, or the shipped one that has as many tokens as the text encoder.
    func tokenizer(folder: String?) throws(QuantizerError) -> TokenizerFiles {
        let count = try text.vocabularySize
        guard let folder else {
            let shipped = try ShippedTokenizer(vocabularySize: count, path: source.path)
            return try TokenizerFiles(folder: shipped.folder()).padding(with: facts.padToken)
        }
        return try TokenizerFiles(folder: folder)
    }
}

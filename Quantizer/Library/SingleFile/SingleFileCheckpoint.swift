import WeightStore

/// A whole model in one file, as the original latent-diffusion code saves it: U-Net, autoencoder and
/// text encoder under `model.diffusion_model.`, `first_stage_model.` and `cond_stage_model.`, and no
/// configuration. Whatever else stands in the file is left out.
struct SingleFileCheckpoint {
    let family: ModelFamily
    private let source: any CheckpointSource
    private let unet: LatentDiffusionUNet
    private let autoencoder: LatentDiffusionAutoencoder
    private let text: LatentDiffusionText

    /// Whether the file is one.
    static func recognizes(_ source: any CheckpointSource) -> Bool {
        source.tensors.contains { $0.name.hasPrefix(LatentDiffusionUNet.prefix) }
    }

    /// - Parameter family: nil for what the shapes tell.
    init(_ source: any CheckpointSource, family: ModelFamily?) throws(QuantizerError) {
        self.source = source
        unet = try LatentDiffusionUNet(TensorNames(source, prefix: LatentDiffusionUNet.prefix))
        autoencoder = LatentDiffusionAutoencoder(
            TensorNames(source, prefix: LatentDiffusionAutoencoder.prefix))
        text = try LatentDiffusionText(source)
        if let family {
            self.family = family
        } else {
            self.family = try ModelFamily(unet, path: source.path)
        }
    }

    /// The networks, their tensors checked but not read.
    func stages() throws(QuantizerError) -> [Stage] {
        let side = family.sampleSize
        return [
            try stage(.textEncoder, text.architecture, try text.configuration(), text.tensors()),
            try stage(
                .unet, .unet,
                try unet.configuration(heads: family.heads(channels:), sampleSize: side),
                averaged(unet.tensors())),
            try stage(
                .vae, .autoencoder, try autoencoder.configuration(sampleSize: 8 * side),
                autoencoder.tensors()),
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

    /// The scheduler's configuration, which all models of these families share but for what they predict.
    func scheduler() -> JSONObject {
        [
            "_class_name": "DDIMScheduler", "beta_start": 0.00085, "beta_end": 0.012,
            "beta_schedule": "scaled_linear", "num_train_timesteps": 1000, "clip_sample": false,
            "set_alpha_to_one": false, "steps_offset": 1, "timestep_spacing": "leading",
            "prediction_type": .string(family.predictionType),
        ]
    }

    /// The tokenizer in `folder`, or the shipped one that has as many tokens as the text encoder.
    func tokenizer(folder: String?) throws(QuantizerError) -> TokenizerFiles {
        let count = try text.vocabularySize
        guard let folder else {
            let shipped = try ShippedTokenizer(vocabularySize: count, path: source.path)
            return try TokenizerFiles(folder: shipped.folder()).padding(with: family.padToken)
        }
        return try TokenizerFiles(folder: folder)
    }
}

/// The tokenizers that come with the program, for checkpoints that have none.
enum ShippedTokenizer: String {
    /// CLIP's byte pairs.
    case clip
    /// The word pieces of BERT's Chinese model.
    case bertChinese = "bert-base-chinese"

    init(vocabularySize: Int, path: String) throws(QuantizerError) {
        switch vocabularySize {
        case 49408: self = .clip
        case 21128: self = .bertChinese
        default:
            throw .option(
                "\(path): its text encoder has \(vocabularySize) tokens, which is no tokenizer's "
                    + "that comes with the program: give the folder of its own with --tokenizer")
        }
    }

    func folder() throws(QuantizerError) -> String {
        let places = modelFolders().map { "\($0)/tokenizers/\(rawValue)" }
        guard let folder = places.first(where: exists) else {
            throw .option(
                "the tokenizer \(rawValue) that comes with the program was not found in "
                    + "\(places.joined(separator: ", ")): give a folder with --tokenizer")
        }
        return folder
    }
}

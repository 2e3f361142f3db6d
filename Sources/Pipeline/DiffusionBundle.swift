internal import Layers
package import Models
package import Samplers
internal import Tensors
package import Tokenizers
package import WeightStore

/// What a U-Net sees beside the latents, told by the channels that it takes more.
enum Conditioning {
    case none
    /// One channel: a depth map.
    case depth
    /// A mask, and the latents of the picture outside of it: inpainting models.
    case maskedPicture

    /// nil for a number of channels that means nothing known.
    init?(channels: Int, latentChannels: Int) {
        switch channels {
        case 0: self = .none
        case 1: self = .depth
        case 1 + latentChannels: self = .maskedPicture
        default: return nil
        }
    }
}

/// A text-to-image bundle, opened: its parts are read when they are asked for, and mapped, not copied.
package struct DiffusionBundle: Sendable {
    package let bundle: Bundle
    package let unetConfiguration: UNetConfiguration
    /// What the autoencoder makes of pictures.
    package private(set) var latentSpace: LatentSpace
    package let schedulerConfiguration: SchedulerConfiguration
    package let defaultSampler: SamplerKind
    /// What the U-Net sees beside the latents.
    let conditioning: Conditioning
    /// Whether it draws after a depth map, and only so.
    package var seesDepth: Bool { conditioning == .depth }
    /// Whose autoencoder it is: the model's own bundle, or another that stands in for it.
    package private(set) var autoencoderBundle: Bundle
    /// Whose autoencoder shows what there is of a picture while it is drawn; nil for the same.
    package private(set) var previewBundle: Bundle?
    /// What is added to the text encoder and the U-Net.
    package private(set) var loras: [LoRA] = []
    /// Words that the text encoder is taught.
    package private(set) var textualInversions: [TextualInversion] = []

    package init(path: String) throws {
        try self.init(Bundle.open(path))
    }

    package init(_ bundle: Bundle) throws {
        self.bundle = bundle
        unetConfiguration = try bundle.readingConfiguration {
            try UNetConfiguration(
                Self.stage("unet", of: "UNet2DConditionModel", in: bundle).config)
        }
        autoencoderBundle = bundle
        latentSpace = try Self.latentSpace(of: bundle)
        guard let scheduler = bundle.scheduler else {
            throw PipelineError.missingPart(bundle: bundle.path, part: "scheduler configuration")
        }
        let schedule = try bundle.readingConfiguration {
            try SchedulerConfiguration(scheduler).correctedForLatents
        }
        schedulerConfiguration = schedule
        // Any class is read for its schedule; where there is no sampler of its kind, DDIM walks it.
        defaultSampler =
            scheduler["_class_name"]?.string.flatMap {
                SamplerKind(schedulerClass: $0, configuration: schedule)
            } ?? .ddim
        let latents = latentSpace.latentChannels
        guard
            let conditioning = Conditioning(
                channels: unetConfiguration.inChannels - latents, latentChannels: latents),
            unetConfiguration.outChannels == latents
        else {
            throw PipelineError.unsupportedPart(
                bundle: bundle.path, part: "unet",
                found: "one with \(unetConfiguration.inChannels) channels in and "
                    + "\(unetConfiguration.outChannels) out, for a VAE with "
                    + "\(latents) latent channels")
        }
        self.conditioning = conditioning
    }

    /// The default picture's side, in pixels.
    package var defaultSide: Int {
        unetConfiguration.sampleSize * latentSpace.pixelsPerLatent
    }

    /// Of one picture's latents; sides in pixels.
    func latentShape(width: Int, height: Int) -> Shape {
        let factor = latentSpace.pixelsPerLatent
        return Shape(
            images: 1, height: height / factor, width: width / factor,
            channels: latentSpace.latentChannels)
    }

    /// - Parameter weights: the stage's file, where the caller has it open.
    package func textEncoder(_ weights: WeightFile? = nil) throws -> any TextEncoder {
        let stage = try Self.stage("text_encoder", of: textEncoderClasses, in: bundle)
        var encoder = try bundle.readingConfiguration {
            try makeTextEncoder(
                className: stage.className, configuration: stage.config,
                weights: try reader("text_encoder", weights))
        }
        guard encoder.width == unetConfiguration.crossAttentionDim else {
            throw PipelineError.unsupportedPart(
                bundle: bundle.path, part: "text_encoder",
                found: "one with hidden_size \(encoder.width), for a U-Net with "
                    + "cross_attention_dim \(unetConfiguration.crossAttentionDim)")
        }
        for inversion in textualInversions { try inversion.teach(&encoder) }
        return encoder
    }

    /// - Parameter defaultLength: tokens, where the tokenizer's files do not say.
    package func tokenizer(defaultLength: Int) throws -> any Tokenizer {
        guard let folder = bundle.tokenizerFolder else {
            throw PipelineError.missingPart(bundle: bundle.path, part: "tokenizer")
        }
        return try loadTokenizer(
            folder: folder, className: bundle.tokenizerClass, defaultLength: defaultLength)
    }

    /// - Parameter weights: the stage's file, where the caller has it open.
    package func unet(_ weights: WeightFile? = nil) throws -> UNet2DConditionModel {
        let stage = try Self.stage("unet", of: "UNet2DConditionModel", in: bundle)
        return try UNet2DConditionModel(
            configuration: stage.config, weights: try reader("unet", weights))
    }

    /// Hands out a stage's weights, with what LoRAs add to them.
    private func reader(_ stage: String, _ weights: WeightFile?) throws -> WeightReader {
        WeightReader(
            try weights ?? bundle.weights(stage),
            adapters: try loras.compactMap { try $0.adapter(for: stage) })
    }

    /// The same model with LoRAs added to it.
    package func adding(_ loras: [LoRA]) -> DiffusionBundle {
        var model = self
        model.loras += loras
        return model
    }

    /// The same model with words added that its text encoder is taught.
    package func adding(_ inversions: [TextualInversion]) throws -> DiffusionBundle {
        var model = self
        model.textualInversions += inversions
        let words = model.textualInversions.map(\.word)
        if let word = words.first(where: { word in words.count { $0 == word } > 1 }) {
            throw PipelineError.invalidRequest(
                field: "embedding", expected: "each word once",
                found: "\"\(printable(word))\" twice")
        }
        return model
    }

    /// Bytes of the LoRAs' weights for a stage.
    func loraBytes(for stage: String) -> Int {
        loras.reduce(0) { $0 + $1.bytes(for: stage) }
    }

    /// The same model with the autoencoder of another bundle, such as a tiny one, for the same latents.
    package func drawing(with bundle: Bundle) throws -> DiffusionBundle {
        var model = self
        model.latentSpace = try suitingSpace(of: bundle)
        model.autoencoderBundle = bundle
        return model
    }

    /// The same model, whose previews the autoencoder of another bundle decodes: a tiny one shows four
    /// times the pixels in less time. Throws where it has other latents.
    package func previewing(with bundle: Bundle) throws -> DiffusionBundle {
        var model = self
        _ = try suitingSpace(of: bundle)
        model.previewBundle = bundle
        return model
    }

    private func suitingSpace(of bundle: Bundle) throws -> LatentSpace {
        let space = try Self.latentSpace(of: bundle)
        guard space.latentChannels == latentSpace.latentChannels,
            space.pixelsPerLatent == latentSpace.pixelsPerLatent
        else {
            throw PipelineError.unsupportedPart(
                bundle: bundle.path, part: "vae",
                found: "one of \(space.latentChannels) channels and "
                    + "\(space.pixelsPerLatent) pixels a latent, where the model has "
                    + "\(latentSpace.latentChannels) and \(latentSpace.pixelsPerLatent)")
        }
        return space
    }

    private static func latentSpace(of bundle: Bundle) throws -> LatentSpace {
        try bundle.readingConfiguration {
            let stage = try stage("vae", of: Autoencoder.classNames, in: bundle)
            return try Autoencoder.latentSpace(
                className: stage.className, configuration: stage.config)
        }
    }

    package func decoder() throws -> any PictureDecoder { try autoencoder().decoder }

    package func encoder() throws -> any PictureEncoder { try autoencoder().encoder }

    /// Both halves, whichever is wanted: only together do they account for every tensor of the file.
    /// - Parameter weights: the autoencoder's file, where the caller has it open.
    func autoencoder(_ weights: WeightFile? = nil) throws -> Autoencoder {
        try Self.autoencoder(of: autoencoderBundle, weights)
    }

    /// What decodes previews, where it is not what decodes the picture.
    func previewDecoder() throws -> (any PictureDecoder)? {
        try previewBundle.map { try Self.autoencoder(of: $0).decoder }
    }

    /// The autoencoder of any bundle that has one.
    package static func autoencoder(
        of bundle: Bundle, _ weights: WeightFile? = nil
    ) throws -> Autoencoder {
        let stage = try stage("vae", of: Autoencoder.classNames, in: bundle)
        return try bundle.readingConfiguration {
            try Autoencoder(
                className: stage.className, configuration: stage.config,
                weights: WeightReader(try weights ?? bundle.weights("vae")))
        }
    }

    private static func stage(
        _ name: String, of className: String, in bundle: Bundle
    ) throws -> Bundle.Stage {
        try stage(name, of: [className], in: bundle)
    }

    private static func stage(
        _ name: String, of classNames: [String], in bundle: Bundle
    ) throws -> Bundle.Stage {
        guard let stage = bundle.stages[name] else {
            throw PipelineError.missingPart(bundle: bundle.path, part: name)
        }
        guard classNames.contains(stage.className) else {
            throw PipelineError.unsupportedPart(
                bundle: bundle.path, part: name, found: stage.className)
        }
        return stage
    }
}

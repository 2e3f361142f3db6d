import ArgumentParser
import Pictures
import Pipeline
import Tensors
import WeightStore

/// The picture that `inkstone inspect` plans.
struct PlannedDrawing: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Width and height in pixels. (default: the model's own)", valueName: "WxH"))
    var size: PictureSize?

    @Option(help: "Denoising steps, of which --board needs to know. (default: the model's own)")
    var steps: Int?

    @Option(
        help:
            "How closely the picture follows the text; 1 and less halves the work. (default: the model's own)"
    )
    var guidance: Double?

    @Option(
        help: ArgumentHelp(
            "An autoencoder in place of the model's, a name or a bundle's folder.",
            valueName: "bundle"))
    var vae: String?

    @Option(
        help: ArgumentHelp(
            "What enlarges the picture, a name or a bundle's folder.", valueName: "bundle"))
    var upscaler: String?

    /// Whether nothing was said.
    var isDefault: Bool {
        size == nil && steps == nil && guidance == nil && vae == nil && upscaler == nil
    }

    /// What a picture takes that is drawn with the bundle, or enlarged where it holds nothing to draw
    /// with, and how often the U-Net is evaluated.
    func plan(
        _ bundle: Bundle, on executor: Executor, limit: Int?
    ) throws -> (stages: StagePlans, evaluations: Int) {
        let library = ModelLibrary()
        guard bundle.stages["unet"] != nil else {
            let size = size ?? PictureSize(width: 512, height: 512)
            let upscaler = try PictureUpscaler(bundle, on: executor)
            return (
                try upscaler.plan(width: size.width, height: size.height, limit: limit), 0
            )
        }
        let own = try DiffusionBundle(bundle)
        let model = try vae.map { try own.drawing(with: library.open($0)) } ?? own
        let painter = TextToImage(model, on: executor)
        let defaults = try RequestDefaults(bundle)
        // Any map takes as much as another.
        let gray = Picture(width: 1, height: 1, channels: 3, pixels: [0, 0, 0])
        let request = GenerationRequest(
            prompt: "", steps: steps ?? defaults.steps, guidance: guidance ?? defaults.guidance,
            sampler: defaults.sampler, width: size?.width, height: size?.height,
            depthMap: model.seesDepth ? DepthMap(gray) : nil, memoryLimit: limit)
        let enlarging = try upscaler.map { try PictureUpscaler(library.open($0), on: executor) }
        let plan = try painter.plan(request, upscaler: enlarging)
        return (plan.stages, try painter.evaluations(of: plan))
    }
}

import WeightStore

/// A folder of PAI-Diffusion's first generation (2022): `config.json`, the weights in latent diffusion's
/// names, `vocab.txt`, and an upscaler.
///
/// Published as EasyNLP's `chinese-ldm-*` and `pai-diffusion-*-large-zh`.
/// - Source: alibaba/EasyNLP, `modelzoo/models/latent_diffusion`.
struct LatentDiffusionFolder {
    private let path: String
    private let configuration: JSONObject

    private static let upscalerName = "RRDB_ESRGAN_x4.pth"

    /// nil for the configuration of something else.
    init?(path: String, configuration: JSONObject) {
        guard configuration["model"]?["params"]?.object != nil else { return nil }
        self.path = path
        self.configuration = configuration
    }

    /// The networks and what else is in the file of the weights.
    func checkpoint() throws(QuantizerError) -> LatentDiffusionCheckpoint {
        // Saved in fine-tuning, all names begin with one `model.` more.
        let source = WithoutPrefix(try openCheckpoint(try weightFile(in: path)), "model.")
        return try LatentDiffusionCheckpoint(source, facts: try facts())
    }

    /// The upscaler beside the model, nil where there is none. It gives what EasyNLP gives, which hands
    /// it pictures as blue, green, red.
    func upscaler() throws(QuantizerError) -> Stage? {
        let file = "\(path)/\(Self.upscalerName)"
        guard exists(file) else { return nil }
        return try upscalerStage(SwappedChannels(try openCheckpoint(file)))
    }

    /// What requests get that do not say otherwise.
    /// - Source: EasyNLP, `pipelines/implementation/latent_diffusion.py`.
    var defaults: JSONObject { ["steps": 20, "guidance": 5] }

    private func facts() throws(QuantizerError) -> LatentDiffusionFacts {
        let model = try reader([])
        let unet = try reader(["unet_config"])
        let text = try reader(["cond_stage_config"], "text_encoder")
        let conditioning = try model.string("conditioning_key", default: "crossattn")
        guard conditioning == "crossattn" else {
            throw model.failure("conditioning_key", expected: "\"crossattn\"")
        }
        var facts = LatentDiffusionFacts(
            sampleSize: try sampleSize(model), heads: try heads(unet),
            scheduler: try scheduler(model))
        facts.scalingFactor = try model.number("scale_factor", default: 1)
        facts.usesAverages = try model.flag("use_ema", default: true)
        facts.textHeads = try text.size("heads", limit: 256)
        facts.isTextPooled = true
        facts.truncatesPixels = true
        return facts
    }

    /// Heads over so many channels: their number, or their width; upstream writes −1 for the other.
    private func heads(
        _ unet: ConfigurationReader
    ) throws(QuantizerError) -> (Int) -> Int {
        if unet.object["num_head_channels"]?.int ?? -1 > 0 {
            let width = try unet.size("num_head_channels", limit: 4096)
            return { max($0 / width, 1) }
        }
        let count = try unet.size("num_heads", limit: 256)
        return { _ in count }
    }

    /// Sides of the latents: those of the pictures that the autoencoder was trained with.
    private func sampleSize(_ model: ConfigurationReader) throws(QuantizerError) -> Int {
        let autoencoder = try reader(["first_stage_config"], "ddconfig")
        guard autoencoder.has("resolution") else {
            return try model.size("image_size", default: 32)
        }
        let levels = try autoencoder.sizeList("ch_mult", default: [1, 2, 4, 4]).count
        return max(try autoencoder.size("resolution", limit: 8192) >> (levels - 1), 1)
    }

    /// What latent diffusion calls linear is linear in the roots of the variances.
    private func scheduler(_ model: ConfigurationReader) throws(QuantizerError) -> JSONObject {
        [
            "_class_name": "PNDMScheduler", "skip_prk_steps": true,
            "beta_start": .number(try model.number("linear_start", default: 1e-4)),
            "beta_end": .number(try model.number("linear_end", default: 2e-2)),
            "beta_schedule": "scaled_linear",
            "num_train_timesteps": JSONValue(try model.size("timesteps", default: 1000)),
            "clip_sample": false, "set_alpha_to_one": false, "steps_offset": 1,
            "timestep_spacing": "leading", "prediction_type": "epsilon",
        ]
    }

    /// The parameters of one part.
    /// - Parameters:
    ///   - parts: keys below `model.params`, each an object with `params`.
    ///   - last: a key below that.
    private func reader(
        _ parts: [String], _ last: String? = nil
    ) throws(QuantizerError) -> ConfigurationReader {
        let keys =
            ["model", "params"] + parts.flatMap { [$0, "params"] } + (last.map { [$0] } ?? [])
        let file = "\(path)/config.json"
        var object = configuration
        for key in keys {
            guard let inner = object[key]?.object else {
                throw .configuration(
                    path: file, key: keys.joined(separator: "."), expected: "an object",
                    found: "no object \"\(key)\"")
            }
            object = inner
        }
        return ConfigurationReader(path: file, object: object)
    }
}

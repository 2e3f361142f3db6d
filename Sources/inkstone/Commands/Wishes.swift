import Pictures
import Pipeline
import Samplers
import WeightStore

/// What a picture is drawn from, wherever it was said: in the options, by a style, or in the picture
/// that is repeated. What nobody said is the model's.
struct Wishes {
    var prompt = ""
    var negativePrompt = ""
    var model = defaultModel
    var vae: String?
    var loras: [LoRAChoice] = []
    var embeddings: [String] = []
    var isLongPrompt = false
    var isPlainPrompt = false
    var steps: Int?
    var guidance: Double?
    var sampler: String?
    var seed: UInt64?
    var size: PictureSize?

    /// Those of a picture that Inkstone or another program drew.
    /// - Parameters:
    ///   - begins: whether a picture to begin with is given.
    ///   - follows: whether pictures for ControlNets are.
    init(like path: String, begins: Bool, follows: Bool) throws {
        let decoded = try readPicture(path)
        guard let text = decoded.text("parameters") else {
            throw UsageError("--like: \(path) has no `parameters` text to repeat it from")
        }
        let parameters = GenerationParameters(parsing: text)
        guard begins || parameters["Denoising strength"] == nil else {
            throw UsageError(
                "--like: \(path) was drawn from another picture: give that with --init")
        }
        guard follows || parameters["ControlNet 0"] == nil else {
            throw UsageError(
                "--like: \(path) follows another picture: give that with --control")
        }
        prompt = parameters.prompt
        negativePrompt = parameters.negativePrompt
        loras = (parameters["LoRA"] ?? "").split(separator: ", ").compactMap {
            LoRAChoice(argument: String($0).replacing(": ", with: ":"))
        }
        // Other programs write the file of their own.
        let isOurs = parameters[GenerationParameters.Key.version]?.hasPrefix("Inkstone") == true
        vae = isOurs ? parameters["VAE"] : nil
        embeddings = (parameters["Textual inversion"] ?? "").split(separator: ", ").map(String.init)
        isLongPrompt = parameters["Prompt length"] == "long"
        isPlainPrompt = parameters["Prompt syntax"] == "plain"
        model = parameters[GenerationParameters.Key.model] ?? defaultModel
        steps = parameters.steps
        guidance = parameters.guidance
        seed = parameters.seed
        size = parameters.size.map { PictureSize(width: $0.width, height: $0.height) }
        sampler =
            SamplerKind.allCases.first { kind in
                let schedule =
                    parameters[GenerationParameters.Key.scheduleType].map { " " + $0 } ?? ""
                return kind.displayName == (parameters.sampler ?? "") + schedule
            }?.rawValue
    }

    init() {}

    /// Takes over what a style brings, around the prompt that is there.
    mutating func take(_ style: Style) {
        prompt = style.prompt(prompt)
        negativePrompt = style.negativePrompt
        (steps, guidance, sampler) = (style.steps, style.guidance, style.sampler)
        size = PictureSize(width: style.width, height: style.height)
    }
}

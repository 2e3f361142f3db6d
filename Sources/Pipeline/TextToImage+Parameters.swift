package import Pictures
internal import Samplers
internal import WeightStore

extension TextToImage {
    /// How a picture of `plan` was made, for its `parameters` text.
    /// - Parameter upscaler: the upscaler's name and factor, where the picture was enlarged.
    package func parameters(
        of plan: Plan, seed: UInt64, upscaler: (name: String, scale: Int)? = nil
    ) -> GenerationParameters {
        typealias Key = GenerationParameters.Key
        let request = plan.request
        let (sampler, schedule) = plan.sampler.parameterNames
        let hash = model.bundle.stages["unet"]?.sha256.prefix(10)
        let controls = request.controls.enumerated().map { index, control in
            (
                key: "ControlNet \(index)",
                value: "Model: \(control.bundle.name), Weight: "
                    + GenerationParameters.number(control.scale) as String?
            )
        }
        let settings: [(key: String, value: String?)] = [
            (Key.steps, "\(request.steps)"),
            (Key.sampler, sampler),
            (Key.scheduleType, schedule),
            (Key.guidance, GenerationParameters.number(request.guidance)),
            (Key.seed, "\(seed)"),
            (Key.size, "\(plan.width)x\(plan.height)"),
            (
                "Denoising strength",
                request.initial.map { GenerationParameters.number($0.strength) }
            ),
            (
                "LoRA",
                model.loras.isEmpty
                    ? nil
                    : model.loras.map {
                        "\($0.bundle.name): \(GenerationParameters.number($0.scale))"
                    }.joined(separator: ", ")
            ),
            (
                "VAE",
                model.autoencoderBundle.path == model.bundle.path
                    ? nil : model.autoencoderBundle.name
            ),
            (
                "Textual inversion",
                model.textualInversions.isEmpty
                    ? nil : model.textualInversions.map(\.bundle.name).joined(separator: ", ")
            ),
            ("Prompt syntax", request.isPlainPrompt ? "plain" : nil),
            ("Prompt length", request.isLongPrompt ? "long" : nil),
            (Key.modelHash, hash.map(String.init)),
            (Key.model, model.bundle.name),
            ("Postprocess upscale by", upscaler.map { "\($0.scale)" }),
            ("Postprocess upscaler", upscaler?.name),
            (Key.version, "Inkstone \(inkstoneVersion)"),
        ]
        return GenerationParameters(
            prompt: request.prompt, negativePrompt: request.negativePrompt,
            settings: (settings + controls).compactMap { key, value in value.map { .init(key, $0) }
            })
    }
}

extension SamplerKind {
    /// The names that AUTOMATIC1111's reader knows: of the sampler, and of its schedule where that
    /// is not the sampler's own.
    fileprivate var parameterNames: (sampler: String, schedule: String?) {
        let suffix = " Karras"
        guard displayName.hasSuffix(suffix) else { return (displayName, nil) }
        return (String(displayName.dropLast(suffix.count)), "Karras")
    }
}

internal import Pipeline
internal import Synchronization
internal import WeightStore

/// The models in use, opened once.
///
/// An opened model is its configuration and its mapped files: weights themselves are read and given
/// back stage by stage.
final class ModelShelf: Sendable {
    private let configuration: JobConfiguration
    /// What was found to fit into the memory since the models were opened.
    let rehearsed = RehearsedDrawings()
    private let opened = Mutex<[String: DiffusionBundle]>([:])

    init(_ configuration: JobConfiguration) {
        self.configuration = configuration
    }

    /// The model of this name.
    func model(_ name: String) throws -> DiffusionBundle {
        if let model = opened.withLock({ $0[name] }) { return model }
        let bundle = try open(name)
        guard bundle.family == "stable-diffusion" else {
            throw RequestProblem(
                field: "model", expected: "a model that draws",
                found: "\(name), of family \(bundle.family)")
        }
        let own = try DiffusionBundle(bundle)
        // Other latents than those that it decodes: the model shows its previews itself.
        let model = try previewBundle().flatMap { try? own.previewing(with: $0) } ?? own
        opened.withLock { $0[name] = model }
        return model
    }

    /// The bundle with the upscaler of this name.
    func upscaler(_ name: String) throws -> Bundle {
        try open(name, for: "upscaler", "a model that enlarges") { $0.stages["upscaler"] != nil }
    }

    /// The LoRAs of a request.
    func loras(_ request: JobRequest) throws -> [LoRA] {
        try request.loras.map { choice in
            let bundle = try open(choice.name, for: "loras", "a LoRA") { $0.family == "lora" }
            return try LoRA(bundle, scale: choice.scale)
        }
    }

    /// The ControlNet that a request names.
    func controlNet(_ name: String) throws -> Bundle {
        try open(name, for: "controls", "a ControlNet") { $0.family == "controlnet" }
    }

    /// The autoencoder that stands in for the model's, if a request wants one.
    func autoencoder(_ request: JobRequest) throws -> Bundle? {
        try request.vae.map { name in
            try open(name, for: "vae", "a model with an autoencoder") { $0.stages["vae"] != nil }
        }
    }

    /// Whose autoencoder decodes previews, if the operator has named one.
    func previewBundle() throws -> Bundle? {
        try configuration.previewVAE.map { name in
            try configuration.library.open(name)
        }
    }

    /// The textual inversions of a request.
    func embeddings(_ request: JobRequest) throws -> [TextualInversion] {
        try request.embeddings.map { name in
            try TextualInversion(
                open(name, for: "embeddings", "a textual inversion") {
                    $0.family == "textual-inversion"
                })
        }
    }

    /// Closes all models.
    func clear() {
        opened.withLock { $0 = [:] }
        rehearsed.clear()
    }

    /// The bundle of this name, which must suit a field of the request.
    private func open(
        _ name: String, for field: String, _ expected: String, if suits: (Bundle) -> Bool
    ) throws -> Bundle {
        let bundle = try open(name)
        guard suits(bundle) else {
            throw RequestProblem(field: field, expected: expected, found: name)
        }
        return bundle
    }

    private func open(_ name: String) throws -> Bundle {
        guard configuration.opensPaths || !name.contains("/") else {
            throw PipelineError.modelNotFound(
                name: printable(name), searched: configuration.library.folders,
                known: configuration.library.entries().map(\.name))
        }
        return try configuration.library.open(name)
    }
}

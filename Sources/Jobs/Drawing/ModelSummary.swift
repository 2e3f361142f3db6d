internal import Models
internal import Pipeline
internal import Samplers
package import WeightStore

/// A model that requests can name.
package struct ModelSummary: Sendable, Equatable {
    /// What a model does.
    package enum Kind: String, Sendable { case draw, enlarge, adapt }

    package var name: String
    package var kind: Kind
    /// What a request takes that does not say: of models that draw.
    package var side: Int?
    package var steps: Int?
    package var guidance: Double?
    package var sampler: String?
    /// How many times larger the result is: of models that enlarge.
    package var scale: Int?
    /// Width and height are multiples of this: of models that draw.
    package var multiple: Int?
    /// SHA-256 of the main weight file.
    package var sha256: String

    package var json: JSONValue {
        func integer(_ value: Int?) -> JSONValue { value.map { .integer(Int64($0)) } ?? .null }
        return [
            "name": .string(name), "kind": .string(kind.rawValue), "width": integer(side),
            "height": integer(side), "multiple": integer(multiple), "steps": integer(steps),
            "guidance": guidance.map { .number($0) } ?? .null,
            "sampler": sampler.map { .string($0) } ?? .null, "scale": integer(scale),
            "sha256": .string(sha256),
        ]
    }
}

extension ModelSummary {
    /// Families of what joins a model.
    private static let adapters = ["lora", "textual-inversion", "autoencoder", "controlnet"]

    /// What a bundle can do; nil where it cannot be used.
    init?(name: String, _ bundle: Bundle) {
        if bundle.family == "upscaler" {
            guard let stage = bundle.stages["upscaler"] else { return nil }
            self.init(
                name: name, kind: .enlarge,
                scale: stage.config["scale"]?.int ?? stage.config["upscale"]?.int ?? 4,
                sha256: stage.sha256)
            return
        }
        if Self.adapters.contains(bundle.family) {
            let stages = ["unet", "text_encoder", "vae", "controlnet"].compactMap {
                bundle.stages[$0]
            }
            guard let stage = stages.first else { return nil }
            self.init(name: name, kind: .adapt, sha256: stage.sha256)
            return
        }
        guard bundle.family == "stable-diffusion" else { return nil }
        guard let model = try? DiffusionBundle(bundle), let stage = bundle.stages["unet"],
            let defaults = try? RequestDefaults(bundle)
        else { return nil }
        self.init(
            name: name, kind: .draw, side: model.defaultSide, steps: defaults.steps,
            guidance: defaults.guidance, sampler: defaults.sampler ?? model.defaultSampler.rawValue,
            multiple: model.latentSpace.pixelsPerLatent, sha256: stage.sha256)
    }
}

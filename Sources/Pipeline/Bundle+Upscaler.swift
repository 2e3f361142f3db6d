internal import Layers
internal import Models
internal import WeightStore

extension Bundle {
    /// The network of the stage `upscaler`.
    func upscaler() throws -> any Upscaler {
        guard let stage = stages["upscaler"] else {
            throw PipelineError.missingPart(bundle: path, part: "upscaler")
        }
        return try readingConfiguration {
            try makeUpscaler(
                className: stage.className, configuration: stage.config,
                weights: WeightReader(try weights("upscaler")))
        }
    }
}

internal import Layers
internal import Models
internal import WeightStore

extension Bundle {
    /// The network of the stage `upscaler`.
    /// - Parameter weights: the stage's file, where the caller has it open.
    func upscaler(_ weights: WeightFile? = nil) throws -> any Upscaler {
        guard let stage = stages["upscaler"] else {
            throw PipelineError.missingPart(bundle: path, part: "upscaler")
        }
        return try readingConfiguration {
            try makeUpscaler(
                className: stage.className, configuration: stage.config,
                weights: WeightReader(try weights ?? self.weights("upscaler")))
        }
    }
}

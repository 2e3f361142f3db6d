internal import Layers
package import WeightStore

/// A low-rank adapter that `inkstone-quantize` made a bundle of, and how much of it is added to a model.
public struct LoRA: Sendable {
    package let bundle: Bundle
    /// 1 for as much as it was trained with.
    package let scale: Double

    package static let allowedScales = -10.0...10.0

    /// Opens a bundle.
    /// - Parameters:
    ///   - path: the bundle's folder.
    ///   - scale: −10 to 10.
    public init(bundle path: String, scale: Double = 1) throws {
        try self.init(Bundle.open(path), scale: scale)
    }

    package init(_ bundle: Bundle, scale: Double) throws {
        guard Self.allowedScales.contains(scale) else {
            throw PipelineError.invalidRequest(
                field: "lora", expected: "a scale in \(Self.allowedScales)", found: "\(scale)")
        }
        guard bundle.family == "lora", bundle.stages.values.allSatisfy({ $0.className == "LoRA" })
        else {
            throw PipelineError.invalidRequest(
                field: "lora", expected: "a LoRA's bundle, as inkstone-quantize makes it",
                found: "\(printable(bundle.name)), of family \(bundle.family)")
        }
        self.bundle = bundle
        self.scale = scale
    }

    /// For a stage of the model; nil where the LoRA leaves that as it is.
    func adapter(for stage: String) throws -> WeightReader.Adapter? {
        guard bundle.stages[stage] != nil else { return nil }
        return WeightReader.Adapter(try bundle.weights(stage), scale: Float(scale))
    }

    /// Bytes of weights for a stage.
    func bytes(for stage: String) -> Int { bundle.stages[stage]?.bytes ?? 0 }
}

internal import Layers
internal import Models
package import Pictures
package import WeightStore

/// A picture that a ControlNet makes the drawing follow: outlines, a depth map, a pose, whatever the net
/// was trained on.
public struct ControlPicture: Sendable {
    package let bundle: Bundle
    /// RGB.
    let picture: Picture
    /// How much of what the net finds is added; 1 for as much as it was trained with.
    package let scale: Double

    package static let allowedScales = 0.0...10.0

    /// Opens a net and reads a picture file; transparency is black.
    /// - Parameters:
    ///   - path: the net's bundle, a folder.
    ///   - outlines: of the picture are followed, white on black; nil for the picture as it is.
    ///   - scale: 0 to 10.
    public init(
        net path: String, file: [UInt8], outlines: OutlineThresholds? = nil, scale: Double = 1
    ) throws {
        try self.init(
            Bundle.open(path), try decodePicture(file).picture, outlines: outlines, scale: scale)
    }

    package init(
        _ bundle: Bundle, _ picture: Picture, outlines: OutlineThresholds? = nil, scale: Double
    ) throws {
        guard Self.allowedScales.contains(scale) else {
            throw PipelineError.invalidRequest(
                field: "control", expected: "a scale in \(Self.allowedScales)", found: "\(scale)")
        }
        guard bundle.family == "controlnet",
            bundle.stages["controlnet"]?.className == "ControlNetModel"
        else {
            throw PipelineError.invalidRequest(
                field: "control", expected: "a ControlNet's bundle, as inkstone-quantize makes it",
                found: "\(printable(bundle.name)), of family \(bundle.family)")
        }
        self.bundle = bundle
        let followed = outlines.map { picture.outlines(low: $0.low, high: $0.high) } ?? picture
        self.picture = followed.composited(over: (0, 0, 0))
        self.scale = scale
    }

    /// Bytes of the net's weights.
    var weightBytes: Int { bundle.stages["controlnet"]?.bytes ?? 0 }

    /// The net, which must be made for the model.
    func net(for model: DiffusionBundle) throws -> ControlNetModel {
        let stage = try bundle.stage("controlnet")
        let net = try bundle.readingConfiguration {
            try ControlNetModel(
                configuration: stage.config,
                weights: WeightReader(try bundle.weights("controlnet")))
        }
        guard model.conditioning == .none,
            net.channels == model.unetConfiguration.skipChannels,
            net.crossAttentionDim == model.unetConfiguration.crossAttentionDim,
            net.pixelsPerLatent == model.latentSpace.pixelsPerLatent
        else {
            throw PipelineError.unsupportedPart(
                bundle: bundle.path, part: "controlnet",
                found: "one that was made for another model than \(printable(model.bundle.name))")
        }
        return net
    }
}

package import Layers
package import Tensors
package import WeightStore

/// A super-resolution network: a picture in, the same picture `scale` times as large out.
package protocol Upscaler: Sendable {
    /// How many times larger the result is.
    var scale: Int { get }
    /// The picture's sides are multiples of this.
    var alignment: Int { get }
    /// Activations that must be held at once for each pixel of the input, at the least.
    var floatsPerPixel: Int { get }
    /// Pictures [N, H, W, 3] within 0…1 → [N, H·scale, W·scale, 3], not clamped.
    func callAsFunction(_ picture: Tensor, on executor: Executor) -> Tensor
}

/// Reads the upscaler of upstream class `className`.
package func makeUpscaler(
    className: String, configuration: JSONObject, weights: WeightReader
) throws -> any Upscaler {
    switch className {
    case "RRDBNet": return try RRDBNet(configuration: configuration, weights: weights)
    case "SRVGGNetCompact":
        return try SRVGGNetCompact(configuration: configuration, weights: weights)
    default:
        throw ModelError.unsupported(model: "upscaler", key: "class", found: className)
    }
}

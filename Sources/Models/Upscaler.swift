package import Layers
package import Tensors
package import WeightStore

/// A super-resolution network: a picture in, the same picture `scale` times as large out.
package protocol Upscaler: Sendable {
    /// How many times larger the result is.
    var scale: Int { get }
    /// The picture's sides are multiples of this.
    var alignment: Int { get }
    /// Rows of the picture above and below its own that a row of the result depends on, at most, in exact
    /// arithmetic.
    var reach: Int { get }
    /// A picture of [N, H, W, 3] within 0…1 → [H·scale, W·scale, 3], not clamped, row by row.
    func enlarge(
        _ picture: Tensor, image: Int, tiling: Tiling, on executor: Executor,
        each: (_ row: Int, _ values: Span<Float>) throws -> Void
    ) rethrows
}

extension Upscaler {
    /// Pictures [N, H, W, 3] within 0…1 → [N, H·scale, W·scale, 3], not clamped.
    package func callAsFunction(
        _ picture: Tensor, tiling: Tiling = .standard, on executor: Executor
    ) -> Tensor {
        let input = picture.shape
        let result = executor.tensor(
            Shape(
                images: input.images, height: input.height * scale, width: input.width * scale,
                channels: input.channels))
        for image in 0..<input.images {
            enlarge(picture, image: image, tiling: tiling, on: executor) {
                result.set(row: $0, image: image, to: $1)
            }
        }
        return result
    }
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

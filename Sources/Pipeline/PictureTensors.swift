internal import Pictures
internal import Tensors

/// A picture from the first image of a tensor: 8-bit values of clamp(x · scale + offset, 0, 1).
///
/// Throws when the tensor holds infinite or undefined numbers.
func picture(
    of image: Tensor, stage: String, scale: Float = 1, offset: Float = 0
) throws -> Picture {
    let shape = image.shape
    let values = image.values.prefix(shape.pixels * shape.channels)
    guard values.allSatisfy(\.isFinite) else {
        throw PipelineError.notFinite(stage: stage, step: nil)
    }
    let unit = values.map { $0 * scale + offset }
    return Picture(
        floats: unit.span, order: .interleaved, width: shape.width, height: shape.height,
        channels: shape.channels)
}

/// A picture's pixels as a tensor within 0…1, [1, H, W, C].
func tensor(of picture: Picture, in workspace: Workspace) -> Tensor {
    let shape = Shape(
        images: 1, height: picture.height, width: picture.width, channels: picture.channels)
    return Tensor(picture.floats(order: .interleaved), shape: shape, in: workspace)
}

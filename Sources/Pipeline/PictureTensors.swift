internal import Pictures
internal import Tensors

/// A picture from rows as a network computes them: 8-bit values of clamp(x · scale + offset, 0, 1),
/// without what lies beyond `width` and `height`.
///
/// Throws when they hold infinite or undefined numbers.
func picture(
    width: Int, height: Int, stage: String, scale: Float = 1, offset: Float = 0,
    rounding rule: FloatingPointRoundingRule = .toNearestOrEven,
    from rows: (_ each: (_ row: Int, _ values: Span<Float>) throws -> Void) throws -> Void
) throws -> Picture {
    var picture = PictureRows(width: width, height: height, channels: 3, rounding: rule)
    try rows { row, values in
        try requireFinite(values, stage: stage)
        if row < height { picture.append(values, scale: scale, offset: offset) }
    }
    return picture.picture()
}

/// Throws where there are infinite or undefined numbers.
func requireFinite(_ values: Span<Float>, stage: String) throws(PipelineError) {
    for index in values.indices where !values[index].isFinite {
        throw .notFinite(stage: stage, step: nil)
    }
}

/// A picture's pixels as a tensor within 0…1, [1, H, W, C].
func tensor(of picture: Picture, in workspace: Workspace) -> Tensor {
    let shape = Shape(
        images: 1, height: picture.height, width: picture.width, channels: picture.channels)
    return Tensor(picture.floats(order: .interleaved), shape: shape, in: workspace)
}

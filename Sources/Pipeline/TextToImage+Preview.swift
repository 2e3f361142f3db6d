internal import Models
package import Pictures
internal import Samplers
internal import Tensors

extension TextToImage {
    /// The most latents on a side that a preview decodes: with an autoencoder for previews, which is a
    /// tiny one, more.
    private var previewSide: Int { model.previewBundle == nil ? 16 : 32 }

    /// What the picture looks like so far, small: the clean latents that the newest step believes in,
    /// averaged down to few and decoded.
    ///
    /// It changes nothing about the walk. Nil before the first step, where memory is limited, and where
    /// there is nothing to see.
    package func preview(of loop: DenoisingLoop, in plan: Plan) throws -> Picture? {
        guard let evaluation = loop.evaluation, plan.request.memoryLimit == nil else { return nil }
        let estimate = try OriginalEstimate(model.schedulerConfiguration)
        let original = estimate(
            evaluation.input, output: evaluation.output, timestep: evaluation.timestep)
        let shape = model.latentShape(width: plan.width, height: plan.height)
        let longest = max(shape.height, shape.width)
        let stride = min(
            (longest + previewSide - 1) / previewSide, min(shape.height, shape.width))
        let small = averaged(original, shape: shape, stride: stride)
        let factor = model.latentSpace.pixelsPerLatent
        let picture = try? plan.parts.decode(
            small, width: shape.width / stride * factor, height: shape.height / stride * factor,
            with: plan.parts.previewDecoder, tiling: .standard, on: executor)
        guard !executor.isInterrupted else { throw PipelineError.interrupted }
        return picture
    }
}

/// The means of blocks of stride × stride numbers in each plane; what fills no block is left out.
/// - Parameter values: [C, H, W]; H and W are at least `stride`.
private func averaged(_ values: [Float], shape: Shape, stride: Int) -> [Float] {
    guard stride > 1 else { return values }
    let (height, width) = (shape.height / stride, shape.width / stride)
    var means: [Float] = []
    means.reserveCapacity(shape.channels * height * width)
    for channel in 0..<shape.channels {
        for y in 0..<height {
            for x in 0..<width {
                var sum: Float = 0
                for row in y * stride..<(y + 1) * stride {
                    let first = (channel * shape.height + row) * shape.width + x * stride
                    for value in values[first..<first + stride] { sum += value }
                }
                means.append(sum / Float(stride * stride))
            }
        }
    }
    return means
}

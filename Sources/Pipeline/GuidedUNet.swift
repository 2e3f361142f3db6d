package import Models
package import Tensors

/// The U-Net as the walks see it: with the text, the guidance and the pictures that it follows, for one
/// or several pictures at a time.
///
/// Pictures that are evaluated together share each pass over the weights. They differ in nothing but
/// their latents, and each comes out as it would alone, bit for bit.
package struct GuidedUNet {
    private let unet: UNet2DConditionModel
    private let context: Tensor
    private let guidance: Float?
    private let controls: [Control]
    private let executor: Executor

    /// - Parameters:
    ///   - context: hidden states of the negative prompt and the prompt, in this order, once for each
    ///     picture, [2 · pictures, T, C]; only of the prompt, [pictures, T, C], when `guidance` is nil.
    ///   - controls: of as many images as `context`.
    package init(
        _ unet: UNet2DConditionModel, context: Tensor, guidance: Float?, controls: [Control] = [],
        on executor: Executor
    ) {
        precondition(guidance == nil || context.shape.images.isMultiple(of: 2))
        self.unet = unet
        self.context = context
        self.guidance = guidance
        self.controls = controls
        self.executor = executor
    }

    /// Does one evaluation and a step of each walk; false when they are over.
    /// - Parameter walks: as many as there are pictures, and equally far (trap).
    package func advance(_ walks: inout [DenoisingLoop]) throws(PipelineError) -> Bool {
        let images = context.shape.images / walks.count
        precondition(context.shape.images == walks.count * (guidance == nil ? 1 : 2))
        precondition(walks.allSatisfy { $0.index == walks[0].index })
        guard !walks[0].isOver else { return false }
        let planes = walks.flatMap { walk -> [Float] in
            let planes = walk.input.latents + walk.conditioning
            return images == 1 ? planes : planes + planes
        }
        var batch = walks[0].shape
        batch.images = context.shape.images
        batch.channels = planes.count / (batch.images * batch.pixels)
        let output = unet(
            Tensor(planar: planes, shape: batch, in: executor.workspace),
            timesteps: Array(repeating: Float(walks[0].input.timestep), count: batch.images),
            context: context, controls: controls, on: executor
        ).planarValues
        guard !executor.isInterrupted else { throw .interrupted }
        let count = output.count / walks.count
        for index in walks.indices {
            let own = output[index * count..<(index + 1) * count]
            try walks[index].advance(with: guided(own))
        }
        return true
    }

    /// Does everything of one evaluation but the arithmetic, on an executor that rehearses.
    /// - Parameters:
    ///   - latents: the shape of one picture's.
    ///   - channels: that the U-Net sees.
    func rehearse(latents: Shape, channels: Int) {
        var batch = latents
        batch.images = context.shape.images
        batch.channels = channels
        _ = unet(
            Tensor(batch, in: executor.workspace),
            timesteps: Array(repeating: 0, count: batch.images), context: context,
            controls: controls, on: executor)
    }

    /// ε = ε₋ + g · (ε₊ − ε₋).
    /// - Parameter output: of the negative prompt and the prompt; only of the prompt without guidance.
    /// - Source: Ho & Salimans, arXiv:2207.12598.
    private func guided(_ output: ArraySlice<Float>) -> [Float] {
        guard let guidance else { return Array(output) }
        let middle = output.startIndex + output.count / 2
        return zip(output[..<middle], output[middle...]).map { $0 + guidance * ($1 - $0) }
    }
}

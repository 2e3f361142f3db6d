internal import Models
internal import Pictures
internal import Tensors

extension TextToImage {
    /// What the request's picture and its mask are to the U-Net, where there is a picture.
    func initialLatents(
        _ plan: Plan, at picture: Int, progress: ProgressHandler
    ) throws -> InitialLatents? {
        guard let initial = plan.request.initial else { return nil }
        try progress(
            .init(
                stage: .encode, step: 0, steps: 1, picture: picture, pictures: plan.request.count))
        let resized = initial.picture.resized(width: plan.width, height: plan.height)
        let stage = plan.stages[.encode]
        var latents = try stage.run(on: executor) { executor in
            try plan.parts.encode(
                resized, tiling: tiling.within(stage.activationBytes), on: executor)
        }
        latents.mask = initial.mask.map { latentMask($0, width: plan.width, height: plan.height) }
        return latents
    }

    /// Throws where a mask keeps the whole picture: of `width` by `height` pixels.
    func requireSomethingToPaint(
        _ request: GenerationRequest, width: Int, height: Int
    ) throws(PipelineError) {
        guard let mask = request.initial?.mask else { return }
        guard latentMask(mask, width: width, height: height).contains(1) else {
            throw .invalidRequest(
                field: "mask", expected: "white where the picture is to be painted anew",
                found: "black all over")
        }
    }

    private func latentMask(_ mask: InpaintingMask, width: Int, height: Int) -> [Float] {
        let shape = model.latentShape(width: width, height: height)
        return mask.latents(
            width: shape.width, height: shape.height,
            pixelsPerLatent: model.autoencoderConfiguration.pixelsPerLatent)
    }
}

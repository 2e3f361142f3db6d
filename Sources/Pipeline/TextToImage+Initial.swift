internal import Models
internal import Pictures
internal import Tensors

extension TextToImage {
    /// What the request's picture and its mask are to the U-Net; nil where there is no picture, and the
    /// U-Net sees none either.
    func initialLatents(
        _ plan: Plan, at picture: Int, progress: ProgressHandler
    ) throws -> InitialLatents? {
        guard plan.isEncoding else { return nil }
        try progress(
            .init(
                stage: .encode, step: 0, steps: 1, picture: picture, pictures: plan.request.count))
        let (width, height) = (plan.width, plan.height)
        let initial = plan.request.initial
        let original =
            initial?.picture.resized(width: width, height: height)
            ?? Picture(
                width: width, height: height, channels: 3,
                pixels: Array(repeating: 0, count: width * height * 3))
        let seesMask = model.conditioning == .maskedPicture
        let stage = plan.stages[.encode]
        return try stage.run(on: executor) { executor in
            let tiling = tiling.within(stage.activationBytes)
            let isRepainted = seesMask && plan.skippedSteps == 0
            return InitialLatents(
                picture: isRepainted
                    ? nil : try plan.parts.encode(original, tiling: tiling, on: executor),
                mask: latentMask(of: plan),
                unmasked: !seesMask
                    ? nil
                    : try plan.parts.encode(
                        original, hiding: hiddenPixels(of: plan), tiling: tiling, on: executor))
        }
    }

    /// A U-Net that sees a mask sees a white one where there is none.
    private func latentMask(of plan: Plan) -> [Float]? {
        let mask = plan.request.initial?.mask
        guard mask == nil, model.conditioning == .maskedPicture else {
            return mask.map { latentMask($0, width: plan.width, height: plan.height) }
        }
        let pixels = model.latentShape(width: plan.width, height: plan.height).pixels
        return Array(repeating: 1, count: pixels)
    }

    private func hiddenPixels(of plan: Plan) -> [Bool] {
        plan.request.initial?.mask?.pixels(width: plan.width, height: plan.height)
            ?? Array(repeating: true, count: plan.width * plan.height)
    }

    /// The depth map as the U-Net sees it, [h, w]; nothing for one that sees none.
    func depth(of plan: Plan) -> [Float] {
        guard model.seesDepth, let map = plan.request.depthMap else { return [] }
        let shape = model.latentShape(width: plan.width, height: plan.height)
        return map.latents(width: shape.width, height: shape.height)
    }

    /// Throws where the model asks for a depth map and there is none, or the other way round.
    func checkDepthMap(_ request: GenerationRequest) throws(PipelineError) {
        switch (model.seesDepth, request.depthMap != nil) {
        case (true, false):
            throw .invalidRequest(
                field: "depth map", expected: "one, which this model draws after", found: "none")
        case (false, true):
            throw .invalidRequest(
                field: "depth map", expected: "none: this model's U-Net does not see depth",
                found: "one")
        default: break
        }
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
            pixelsPerLatent: model.latentSpace.pixelsPerLatent)
    }
}

internal import Layers
internal import Models
internal import Pictures
internal import Tensors
internal import WeightStore

/// The networks that draw a picture, opened.
struct DiffusionParts {
    let encoder: any TextEncoder
    let unet: UNet2DConditionModel
    let decoder: any PictureDecoder
    /// For previews, where that is another.
    let previewDecoder: (any PictureDecoder)?
    let pictureEncoder: any PictureEncoder
    /// Pictures to follow, each with its net.
    private let controls: [(picture: ControlPicture, net: ControlNetModel)]
    private let model: DiffusionBundle
    private let textWeights: WeightFile
    private let unetWeights: WeightFile
    private let vaeWeights: WeightFile

    init(_ model: DiffusionBundle, controls: [ControlPicture] = []) throws {
        self.model = model
        self.controls = try controls.map { ($0, try $0.net(for: model)) }
        textWeights = try model.bundle.weights("text_encoder")
        unetWeights = try model.bundle.weights("unet")
        vaeWeights = try model.autoencoderBundle.weights("vae")
        encoder = try model.textEncoder(textWeights)
        unet = try model.unet(unetWeights)
        let autoencoder = try model.autoencoder(vaeWeights)
        decoder = autoencoder.decoder
        previewDecoder = try model.previewDecoder()
        pictureEncoder = autoencoder.encoder
    }

    /// What draws a picture of the given size, ready to be rehearsed.
    /// - Parameters:
    ///   - tokens: of as many prompts as the U-Net computes at a time.
    ///   - begins: with a picture.
    ///   - tiling: of the autoencoder, where there is room for it.
    ///   - denoising: of the pictures that are denoised together, see `denoising`.
    ///   - rehearsal: where the text that `denoising` holds is alive, as in the run.
    func stages(
        width: Int, height: Int, tokens: RequestTokens, begins: Bool, tiling: Tiling,
        denoising: PlannableStage, on rehearsal: Executor
    ) -> [PlannableStage] {
        let latents = model.latentShape(width: width, height: height)
        let text = PlannableStage { _ in
            StageNeeds(
                .text, weights: textWeights, besides: model.loraBytes(for: "text_encoder"),
                on: rehearsal
            ) { _ = encoder.context(of: tokens, on: $0) }
        }
        let decode = decoder.stage(
            latents: latents, weights: vaeWeights, pictureBytes: width * height * 3,
            tiling: tiling, on: rehearsal)
        let encode = PlannableStage { room in
            StageNeeds(
                .encode, weights: vaeWeights, besides: width * height * 3, on: rehearsal
            ) { executor in
                _ = self.encode(
                    pixels: Tensor(pictureShape(width, height), in: executor.workspace),
                    tiling: tiling.within(room), on: executor)
            }
        }
        return [text] + (begins ? [encode] : []) + [denoising, decode]
    }

    /// The stage that denoises so many pictures at a time, ready to be rehearsed.
    func denoising(
        width: Int, height: Int, tokens: RequestTokens, on rehearsal: Executor
    ) -> (_ pictures: Int) -> PlannableStage {
        // Held by the stage, and so alive in all stages after the text's, as in the run.
        let context = encoder.context(of: tokens, on: rehearsal)
        let isGuided = tokens.prompts.count > 1
        return { pictures in
            PlannableStage { _ in
                // The second pass finds the blocks that the first one left.
                StageNeeds(
                    .denoise, weights: unetWeights,
                    besides: controls.reduce(model.loraBytes(for: "unet")) {
                        $0 + $1.picture.weightBytes
                    }, passes: 2, on: rehearsal
                ) { executor in
                    let unet = guidedUNet(
                        width: width, height: height, context: context,
                        guidance: isGuided ? .infinity : 0, pictures: pictures, on: executor)
                    for _ in 0..<2 {
                        unet.rehearse(
                            latents: model.latentShape(width: width, height: height),
                            channels: model.unetConfiguration.inChannels)
                    }
                }
            }
        }
    }

    /// The U-Net with all that leads a drawing, for so many pictures at a time.
    /// - Parameter context: of one picture.
    func guidedUNet(
        width: Int, height: Int, context: Tensor, guidance: Double, pictures: Int,
        on executor: Executor
    ) -> GuidedUNet {
        GuidedUNet(
            unet, context: context.repeated(pictures, in: executor.workspace),
            guidance: guidance > 1 ? Float(guidance) : nil,
            controls: controls(
                width: width, height: height, images: pictures * context.shape.images, on: executor),
            on: executor)
    }

    private func controls(
        width: Int, height: Int, images: Int, on executor: Executor
    ) -> [Control] {
        // The nets' weights are in files of their own, which nobody streams.
        let executor = executor.reading(from: nil)
        return controls.map { control, net in
            let resized = control.picture.resized(width: width, height: height)
            let picture = Tensor(
                resized.floats(order: .interleaved), shape: pictureShape(width, height),
                in: executor.workspace)
            let hint = net.hint(picture, on: executor)
            return Control(
                net, hint: hint.repeated(images, in: executor.workspace),
                scale: Float(control.scale))
        }
    }

    private func pictureShape(_ width: Int, _ height: Int) -> Shape {
        Shape(
            images: 1, height: height, width: width,
            channels: pictureEncoder.latentSpace.pictureChannels)
    }

    /// What latents a picture may stand for; its sides are multiples of the autoencoder's factor.
    /// - Parameter hidden: pixels that are gray instead; none where it is empty.
    func encode(
        _ picture: Picture, hiding hidden: [Bool] = [], tiling: Tiling, on executor: Executor
    ) throws -> LatentDistribution {
        let shape = pictureShape(picture.width, picture.height)
        var values = picture.floats(order: .interleaved).map { $0 * 2 - 1 }
        for (pixel, isHidden) in hidden.enumerated() where isHidden {
            for channel in 0..<shape.channels { values[pixel * shape.channels + channel] = 0 }
        }
        let latents = encode(
            pixels: Tensor(values, shape: shape, in: executor.workspace), tiling: tiling,
            on: executor)
        guard (latents.mean + (latents.logVariance ?? [])).allSatisfy(\.isFinite) else {
            throw PipelineError.notFinite(stage: "VAE encoder", step: nil)
        }
        return latents
    }

    private func encode(
        pixels: Tensor, tiling: Tiling, on executor: Executor
    ) -> LatentDistribution {
        let posterior = pictureEncoder(pixels, tiling: tiling, on: executor)
        return LatentDistribution(
            mean: posterior.mean.planarValues, logVariance: posterior.logVariance?.planarValues,
            scalingFactor: Float(pictureEncoder.latentSpace.scalingFactor))
    }

    /// The picture of latents, [latentChannels, h, w] in planar order, as a sampler leaves them.
    /// - Parameter other: the decoder, if not the picture's own.
    func decode(
        _ latents: [Float], width: Int, height: Int, with other: (any PictureDecoder)? = nil,
        tiling: Tiling, on executor: Executor
    ) throws -> Picture {
        let decoder = other ?? decoder
        let factor = Float(1 / decoder.latentSpace.scalingFactor)
        let unscaled = Tensor(
            planar: latents.map { $0 * factor },
            shape: model.latentShape(width: width, height: height), in: executor.workspace)
        return try picture(
            width: width, height: height, stage: "VAE decoder", scale: 0.5, offset: 0.5,
            rounding: decoder.latentSpace.truncatesPixels ? .down : .toNearestOrEven
        ) { each in
            try decoder.decode(unscaled, tiling: tiling, on: executor, each: each)
        }
    }
}

internal import Layers
internal import Models
internal import Pictures
internal import Tensors
internal import WeightStore

/// The networks that draw a picture, opened.
struct DiffusionParts {
    let encoder: CLIPTextModel
    let unet: UNet2DConditionModel
    let decoder: AutoencoderKLDecoder
    private let model: DiffusionBundle
    private let textWeights: WeightFile
    private let unetWeights: WeightFile
    private let vaeWeights: WeightFile

    init(_ model: DiffusionBundle) throws {
        self.model = model
        textWeights = try model.bundle.weights("text_encoder")
        unetWeights = try model.bundle.weights("unet")
        vaeWeights = try model.bundle.weights("vae")
        encoder = try model.textEncoder(textWeights)
        unet = try model.unet(unetWeights)
        decoder = try model.decoder(vaeWeights)
    }

    /// What draws a picture of the given size, ready to be rehearsed.
    /// - Parameter tiling: of the decoder, where there is room for it.
    func stages(
        width: Int, height: Int, guided: Bool, tiling: Tiling, on executor: Executor
    ) -> [PlannableStage] {
        let rehearsal = executor.rehearsal
        let images = guided ? 2 : 1
        let latents = model.latentShape(width: width, height: height)
        let ids = [[Int32]](
            repeating: [Int32](repeating: 0, count: encoder.maximumLength), count: images)
        let context = encoder(ids, on: rehearsal)
        let text = PlannableStage { _ in
            StageNeeds(.text, weights: textWeights, on: rehearsal) { _ = encoder(ids, on: $0) }
        }
        let denoise = PlannableStage { _ in
            // The second pass finds the blocks that the first one left.
            StageNeeds(.denoise, weights: unetWeights, passes: 2, on: rehearsal) { executor in
                for _ in 0..<2 {
                    var batch = latents
                    batch.images = images
                    _ = unet(
                        Tensor(batch, in: executor.workspace),
                        timesteps: Array(repeating: 0, count: images), context: context,
                        on: executor)
                }
            }
        }
        let decode = PlannableStage { room in
            StageNeeds(
                .decode, weights: vaeWeights, pictureBytes: width * height * 3, on: rehearsal
            ) { executor in
                decoder.decode(
                    Tensor(latents, in: executor.workspace), tiling: tiling.within(room),
                    on: executor
                ) { _, _ in }
            }
        }
        return [text, denoise, decode]
    }

    /// The picture of latents, [latentChannels, h, w] in planar order, as a sampler leaves them.
    func decode(
        _ latents: [Float], width: Int, height: Int, tiling: Tiling, on executor: Executor
    ) throws -> Picture {
        let factor = Float(1 / decoder.configuration.scalingFactor)
        let unscaled = Tensor(
            planar: latents.map { $0 * factor },
            shape: model.latentShape(width: width, height: height), in: executor.workspace)
        return try picture(
            width: width, height: height, stage: "VAE decoder", scale: 0.5, offset: 0.5
        ) { each in
            try decoder.decode(unscaled, tiling: tiling, on: executor, each: each)
        }
    }
}

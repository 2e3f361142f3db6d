import Models
import Pictures
import Pipeline
import Samplers
import Tensors
import Tokenizers

/// One text-to-image bundle at work: what its stages make of given inputs, and the pictures it draws.
struct Subject {
    let model: DiffusionBundle
    let executor: Executor
    private let encoder: any TextEncoder
    private let unet: UNet2DConditionModel
    private let pictureEncoder: any PictureEncoder
    private let decoder: any PictureDecoder

    init(bundle path: String, on executor: Executor) throws {
        model = try DiffusionBundle(path: path)
        self.executor = executor
        encoder = try model.textEncoder()
        unet = try model.unet()
        pictureEncoder = try model.encoder()
        decoder = try model.decoder()
    }

    /// Hidden states of the negative prompt and the prompt, [2, T, C].
    func hiddenStates(_ request: GenerationRequest) throws -> Tensor {
        let tokenizer = try model.tokenizer(defaultLength: encoder.promptLength)
        let ids = [request.negativePrompt, request.prompt].map {
            tokenizer.encode($0, length: encoder.maximumLength).ids
        }
        return encoder(ids, on: executor)
    }

    /// One evaluation of the U-Net, on the same latents [1, h, w, 4] for both halves of `context`.
    func noise(in latents: Tensor, timestep: Int, context: Tensor) -> [Float] {
        var batch = latents.shape
        batch.images = 2
        let sample = Tensor(
            latents.values + latents.values, shape: batch, in: executor.workspace)
        let time = Float(timestep)
        return unet(sample, timesteps: [time, time], context: context, on: executor).values
    }

    /// A picture's latents [1, h, w, 4] as the U-Net knows them: the encoder's mean, scaled.
    func latents(of picture: Picture) -> Tensor {
        let shape = Shape(
            images: 1, height: picture.height, width: picture.width, channels: picture.channels)
        let signed = picture.floats(order: .interleaved).map { 2 * $0 - 1 }
        let mean = pictureEncoder(
            Tensor(signed, shape: shape, in: executor.workspace), on: executor
        ).mean
        let factor = Float(model.latentSpace.scalingFactor)
        return Tensor(mean.values.map { $0 * factor }, shape: mean.shape, in: executor.workspace)
    }

    /// The picture of scaled `latents`, within about 0…1, not rounded.
    func decode(_ latents: Tensor) -> [Float] {
        let factor = Float(1 / model.latentSpace.scalingFactor)
        let unscaled = Tensor(
            latents.values.map { $0 * factor }, shape: latents.shape, in: executor.workspace)
        return decoder(unscaled, on: executor).values.map { 0.5 * $0 + 0.5 }
    }

    /// The pictures that a user gets.
    func draw(_ request: GenerationRequest) throws -> [Picture] {
        let painter = TextToImage(model, on: executor)
        var pictures: [Picture] = []
        try painter.run(try painter.plan(request)) { pictures.append($0.picture) }
        return pictures
    }
}

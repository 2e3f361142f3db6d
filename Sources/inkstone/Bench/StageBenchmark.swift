import Models
import Pictures
import Pipeline
import Samplers
import Tensors
import Terminal
import WeightStore

/// Runs the stages of bundles on noise of the real shapes and takes their time.
struct StageBenchmark {
    /// Runs of each stage.
    let runs: Int
    let executor: Executor

    /// The text encoder on one prompt of full length.
    func text(_ model: DiffusionBundle) throws -> StageTiming {
        let tokens = try model.textEncoder().maximumLength
        return try measure(
            "text", input: "\(tokens) tokens", weights: "text_encoder", of: model.bundle,
            work: { $0.textEncoder(tokens: tokens) },
            prepare: {
                let encoder = try model.textEncoder()
                let ids = (0..<tokens).map { Int32($0 % encoder.vocabularySize) }
                return { _ = encoder([ids], on: executor) }
            })
    }

    /// One evaluation of the U-Net for a picture of `size`; as a batch of two, as guidance needs it,
    /// where `guided`.
    func unet(_ model: DiffusionBundle, size: PictureSize, guided: Bool) throws -> StageTiming {
        let images = guided ? 2 : 1
        let sample = latentShape(model, size: size, images: images)
        let context = Shape(
            images: images, tokens: try model.textEncoder().maximumLength,
            channels: model.unetConfiguration.crossAttentionDim)
        return try measure(
            guided ? "unet guided" : "unet",
            input: "\(images)x\(sample.channels)x\(sample.height)x\(sample.width)",
            weights: "unet", of: model.bundle,
            work: {
                images
                    * $0.unet(
                        height: sample.height, width: sample.width, tokens: context.width)
            },
            prepare: {
                let unet = try model.unet()
                let latents = noise(sample)
                let hidden = noise(context)
                let timesteps = Array(repeating: Float(500), count: images)
                return { _ = unet(latents, timesteps: timesteps, context: hidden, on: executor) }
            })
    }

    /// The decoder for a picture of `size`.
    func decode(_ model: DiffusionBundle, size: PictureSize) throws -> StageTiming {
        let shape = latentShape(model, size: size, images: 1)
        return try measure(
            "decode", input: "1x\(shape.channels)x\(shape.height)x\(shape.width)", weights: "vae",
            of: model.bundle,
            work: { $0.decoder(height: shape.height, width: shape.width) },
            prepare: {
                let decoder = try model.decoder()
                let latents = noise(shape)
                return { _ = decoder(latents, on: executor) }
            })
    }

    /// An upscaler on a picture of `size`.
    func upscale(_ bundle: Bundle, size: PictureSize) throws -> StageTiming {
        try measure(
            "upscale", input: "1x3x\(size.height)x\(size.width)", weights: "upscaler", of: bundle,
            work: { $0.upscaler(height: size.height, width: size.width) },
            prepare: {
                let upscaler = try PictureUpscaler(bundle, on: executor)
                let plan = try upscaler.plan(width: size.width, height: size.height, limit: nil)
                let count = size.width * size.height * 3
                let pixels = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 151) }
                let picture = Picture(
                    width: size.width, height: size.height, channels: 3, pixels: pixels)
                return { _ = try upscaler(picture, plan: plan) }
            })
    }

    private func measure(
        _ stage: String, input: String, weights name: String, of bundle: Bundle,
        work: (MultiplyAdds) -> Int, prepare: () throws -> () throws -> Void
    ) throws -> StageTiming {
        let entry = try bundle.stage(name)
        let clock = ContinuousClock()
        var seconds: [Double] = []
        let (load, memory) = try measuringMemory {
            let start = clock.now
            let run = try prepare()
            let load = (clock.now - start).inSeconds
            for _ in 0..<runs {
                let start = clock.now
                try run()
                seconds.append((clock.now - start).inSeconds)
            }
            return load
        }
        executor.workspace.trim()
        // Now that the stage has run, its weights are known to have the names that are counted by.
        let multiplyAdds = work(MultiplyAdds(try bundle.weights(name)))
        return StageTiming(
            stage: stage, input: input, weights: "\(entry.className) \(entry.type)",
            loadSeconds: load, seconds: seconds, multiplyAdds: multiplyAdds, memory: memory)
    }

    private func latentShape(_ model: DiffusionBundle, size: PictureSize, images: Int) -> Shape {
        let factor = model.autoencoderConfiguration.pixelsPerLatent
        return Shape(
            images: images, height: size.height / factor, width: size.width / factor,
            channels: model.autoencoderConfiguration.latentChannels)
    }

    private func noise(_ shape: Shape) -> Tensor {
        var source = TorchRandomSource(seed: 0)
        return Tensor(source.normal(count: shape.count), shape: shape, in: executor.workspace)
    }
}

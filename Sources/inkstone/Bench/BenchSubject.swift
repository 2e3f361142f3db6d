import Models
import Pictures
import Pipeline
import Samplers
import Tensors
import WeightStore

/// The models that are measured, and the picture that they are measured on.
struct BenchSubject {
    let model: DiffusionBundle?
    let upscaler: Bundle?
    /// Of the drawn picture, and of the one that is enlarged.
    let size: PictureSize
    /// Steps of the whole picture; nil for the model's own.
    let steps: Int?
    let executor: Executor

    /// The stages that it has, in a picture's order; the batch of two only where it is asked for.
    var stages: [BenchStage] {
        BenchStage.allCases.filter { stage in
            switch stage {
            case .guided: false
            case .upscale: upscaler != nil
            case .text, .unet, .decode, .picture: model != nil
            }
        }
    }

    /// One of the stages on noise of the real shape. Throws where there is no model for it.
    func work(_ stage: BenchStage) throws -> StageWork {
        if stage == .upscale, let upscaler { return try upscale(upscaler) }
        guard let model, stage != .upscale else {
            throw UsageError("--stages: there is no model to measure \(stage.option) with")
        }
        return switch stage {
        case .text: try text(model)
        case .unet, .guided: try unet(model, stage)
        case .decode: try decode(model)
        case .picture, .upscale: try picture(model)
        }
    }

    private func text(_ model: DiffusionBundle) throws -> StageWork {
        let tokens = try model.textEncoder().promptLength
        return try work(
            .text, input: "\(tokens) tokens", weights: "text_encoder", of: model.bundle,
            multiplyAdds: { $0.textEncoder(tokens: tokens) },
            prepare: {
                let encoder = try model.textEncoder()
                let ids = (0..<tokens).map { Int32($0 % encoder.vocabularySize) }
                return { _ = encoder([ids], on: executor) }
            })
    }

    private func unet(_ model: DiffusionBundle, _ stage: BenchStage) throws -> StageWork {
        let images = stage == .guided ? 2 : 1
        var sample = latentShape(model, images: images)
        sample.channels = model.unetConfiguration.inChannels
        let context = Shape(
            images: images, tokens: try model.textEncoder().promptLength,
            channels: model.unetConfiguration.crossAttentionDim)
        return try work(
            stage, input: "\(images)x\(sample.channels)x\(sample.height)x\(sample.width)",
            weights: "unet", of: model.bundle,
            multiplyAdds: {
                images
                    * $0.unet(height: sample.height, width: sample.width, tokens: context.width)
            },
            prepare: {
                let unet = try model.unet()
                let latents = noise(sample)
                let hidden = noise(context)
                let timesteps = Array(repeating: Float(500), count: images)
                return { _ = unet(latents, timesteps: timesteps, context: hidden, on: executor) }
            })
    }

    private func decode(_ model: DiffusionBundle) throws -> StageWork {
        let shape = latentShape(model, images: 1)
        return try work(
            .decode, input: "1x\(shape.channels)x\(shape.height)x\(shape.width)", weights: "vae",
            of: model.bundle,
            multiplyAdds: { $0.decoder(height: shape.height, width: shape.width) },
            prepare: {
                let decoder = try model.decoder()
                let latents = noise(shape)
                return { _ = decoder(latents, on: executor) }
            })
    }

    private func upscale(_ bundle: Bundle) throws -> StageWork {
        try work(
            .upscale, input: "1x3x\(size.height)x\(size.width)", weights: "upscaler", of: bundle,
            multiplyAdds: { $0.upscaler(height: size.height, width: size.width) },
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

    /// A guided picture as `inkstone generate` draws it, without the file.
    private func picture(_ model: DiffusionBundle) throws -> StageWork {
        let defaults = try RequestDefaults(model.bundle)
        let request = GenerationRequest(
            prompt: "a small red house by the lake", steps: steps ?? defaults.steps,
            guidance: defaults.guidance, sampler: defaults.sampler, width: size.width,
            height: size.height)
        let painter = TextToImage(model, on: executor)
        let plan = try painter.plan(request)
        let parts = [
            try work(.text), try work(request.guidance > 1 ? .guided : .unet), try work(.decode),
        ]
        let evaluations = try makeSampler(
            plan.sampler, configuration: model.schedulerConfiguration, steps: request.steps
        ).timesteps.count
        let texts = request.guidance > 1 ? 2 : 1
        return StageWork(
            stage: .picture, input: "\(size.width)x\(size.height), \(request.steps) steps",
            weights: model.bundle.name,
            prepare: { { try painter.run(plan, each: { _ in }) } },
            multiplyAdds: {
                let counts = try parts.map { try $0.multiplyAdds() }
                return texts * counts[0] + evaluations * counts[1] + counts[2]
            })
    }

    private func work(
        _ stage: BenchStage, input: String, weights name: String, of bundle: Bundle,
        multiplyAdds: @escaping (MultiplyAdds) -> Int,
        prepare: @escaping () throws -> () throws -> Void
    ) throws -> StageWork {
        let entry = try bundle.stage(name)
        return StageWork(
            stage: stage, input: input, weights: "\(entry.className) \(entry.type)",
            prepare: prepare, multiplyAdds: { multiplyAdds(MultiplyAdds(try bundle.weights(name))) }
        )
    }

    private func latentShape(_ model: DiffusionBundle, images: Int) -> Shape {
        let factor = model.latentSpace.pixelsPerLatent
        return Shape(
            images: images, height: size.height / factor, width: size.width / factor,
            channels: model.latentSpace.latentChannels)
    }

    private func noise(_ shape: Shape) -> Tensor {
        var source = TorchRandomSource(seed: 0)
        return Tensor(source.normal(count: shape.count), shape: shape, in: executor.workspace)
    }
}

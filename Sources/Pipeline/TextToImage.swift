internal import Models
package import Pictures
package import Samplers
package import Tensors
internal import Tokenizers
internal import WeightStore

/// Draws pictures from text with one bundle.
///
/// The stages are read when their turn comes and let go when it is over.
package final class TextToImage {
    package let model: DiffusionBundle
    private let executor: Executor
    private let tiling: Tiling

    /// A drawn picture and what one needs to draw it again.
    package struct Result {
        package let picture: Picture
        package let seed: UInt64
    }

    /// A request with everything filled in that the model decides.
    package struct Plan {
        package let request: GenerationRequest
        package let sampler: SamplerKind
        package let width: Int
        package let height: Int
    }

    /// - Parameter tiling: how much of the picture is decoded at a time; the result is the same.
    package init(_ model: DiffusionBundle, tiling: Tiling = .standard, on executor: Executor) {
        self.model = model
        self.executor = executor
        self.tiling = tiling
    }

    /// Checks a request against the model before any work is done.
    package func plan(_ request: GenerationRequest) throws -> Plan {
        try request.validate()
        let size = try request.size(
            default: model.defaultSide,
            multiple: max(model.autoencoderConfiguration.pixelsPerLatent, 1))
        try requireMemory(
            floats: size.width * size.height * model.autoencoderConfiguration.decoderFloatsPerPixel,
            for: "a picture of \(size.width)x\(size.height) pixels")
        let factor = model.autoencoderConfiguration.pixelsPerLatent
        let latents = model.unetConfiguration.floats(
            height: size.height / factor, width: size.width / factor)
        try requireMemory(
            floats: request.guidance > 1 ? 2 * latents : latents,
            for: "a step towards a picture of \(size.width)x\(size.height) pixels")
        let sampler = request.sampler.flatMap(SamplerKind.init) ?? model.defaultSampler
        _ = try model.bundle.readingConfiguration {
            try makeSampler(
                sampler, configuration: model.schedulerConfiguration, steps: request.steps)
        }
        return Plan(
            request: request, sampler: sampler, width: size.width, height: size.height)
    }

    /// Draws the pictures one after the other and hands each over as soon as it is done.
    /// - Parameter warn: is told of prompts that were cut.
    package func run(
        _ plan: Plan, progress: ProgressHandler = { _ in }, warn: (String) -> Void = { _ in },
        each: (Result) throws -> Void
    ) throws {
        let request = plan.request
        try progress(.init(stage: .text, step: 0, steps: 1, picture: 0, pictures: request.count))
        let context = try context(for: request, warn: warn)
        let unet = try model.unet()
        let decoder = try model.decoder()
        for index in 0..<request.count {
            let seed = request.seed &+ UInt64(index)
            let latents = try denoise(
                plan, seed: seed, unet: unet, context: context, index: index, progress: progress)
            try progress(
                .init(
                    stage: .decode, step: 0, steps: 1, picture: index, pictures: request.count))
            try each(Result(picture: try decode(latents, with: decoder), seed: seed))
            executor.workspace.trim()
        }
    }

    /// Hidden states for the U-Net: of the negative prompt and the prompt, or of the prompt alone
    /// where there is no guidance.
    private func context(
        for request: GenerationRequest, warn: (String) -> Void
    ) throws -> Tensor {
        let encoder = try model.textEncoder()
        let tokenizer = try model.tokenizer(defaultLength: encoder.maximumLength)
        let length = min(tokenizer.maximumLength, encoder.maximumLength)
        let guided = request.guidance > 1
        let ids = try (guided ? [request.negativePrompt, request.prompt] : [request.prompt]).map {
            text in
            let encoded = tokenizer.encode(text, length: length)
            if let cut = encoded.truncatedText {
                warn("the prompt is longer than \(length) tokens; left out: \"\(printable(cut))\"")
            }
            return try checked(encoded.ids, below: encoder.vocabularySize)
        }
        let context = encoder(ids, on: executor)
        guard context.values.allSatisfy(\.isFinite) else {
            throw PipelineError.notFinite(stage: "text encoder", step: nil)
        }
        return context
    }

    private func checked(_ ids: [Int32], below limit: Int) throws(PipelineError) -> [Int32] {
        if let id = ids.first(where: { $0 < 0 || Int($0) >= limit }) {
            throw .unsupportedPart(
                bundle: model.bundle.path, part: "tokenizer",
                found: "one with token id \(id), for a text encoder of \(limit) tokens")
        }
        return ids
    }

    private func denoise(
        _ plan: Plan, seed: UInt64, unet: UNet2DConditionModel, context: Tensor, index: Int,
        progress: ProgressHandler
    ) throws -> Tensor {
        let factor = model.autoencoderConfiguration.pixelsPerLatent
        let shape = Shape(
            images: 1, height: plan.height / factor, width: plan.width / factor,
            channels: model.autoencoderConfiguration.latentChannels)
        let request = plan.request
        var loop = DenoisingLoop(
            unet: unet,
            sampler: try makeSampler(
                plan.sampler, configuration: model.schedulerConfiguration, steps: request.steps),
            context: context, guidance: request.guidance > 1 ? Float(request.guidance) : nil,
            seed: seed, shape: shape, on: executor)
        repeat {
            try progress(
                .init(
                    stage: .denoise, step: loop.index, steps: loop.count, picture: index,
                    pictures: request.count))
        } while try loop.advance()
        return Tensor(planar: loop.latents, shape: shape, in: executor.workspace)
    }

    private func decode(
        _ latents: Tensor, with decoder: AutoencoderKLDecoder
    ) throws -> Picture {
        let factor = Float(1 / decoder.configuration.scalingFactor)
        let unscaled = Tensor(
            latents.values.map { $0 * factor }, shape: latents.shape, in: executor.workspace)
        let pixels = decoder.configuration.pixelsPerLatent
        return try picture(
            width: latents.shape.width * pixels, height: latents.shape.height * pixels,
            stage: "VAE decoder", scale: 0.5, offset: 0.5
        ) { each in
            try decoder.decode(unscaled, tiling: tiling, on: executor, each: each)
        }
    }
}

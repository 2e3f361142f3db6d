internal import Models
package import Pictures
package import Samplers
package import Tensors
internal import WeightStore

/// Draws pictures from text with one bundle.
///
/// The stages take turns in the memory that the plan shares out, and give it back.
package final class TextToImage {
    package let model: DiffusionBundle
    package let executor: Executor
    let tiling: Tiling

    /// A drawn picture and what one needs to draw it again.
    package struct Result {
        package let picture: Picture
        package let seed: UInt64
    }

    /// Where drawing begins: with a picture, and where a walk to its latents stood.
    package struct Start {
        package var picture = 0
        package var checkpoint: DenoisingCheckpoint?

        package init(picture: Int = 0, checkpoint: DenoisingCheckpoint? = nil) {
            self.picture = picture
            self.checkpoint = checkpoint
        }
    }

    /// A request with everything filled in that the model decides.
    package struct Settled {
        package let request: GenerationRequest
        package let sampler: SamplerKind
        package let width: Int
        package let height: Int
    }

    /// A settled request and the memory it takes.
    package struct Plan {
        let settled: Settled
        package let stages: StagePlans
        let parts: DiffusionParts
        let tokens: RequestTokens

        package var request: GenerationRequest { settled.request }
        package var sampler: SamplerKind { settled.sampler }
        package var width: Int { settled.width }
        package var height: Int { settled.height }

        /// Whether a picture is encoded before the first step.
        let isEncoding: Bool

        /// Denoising steps that are left out because there is a picture to begin with.
        var skippedSteps: Int {
            request.initial.map { request.steps - $0.stepsTaken(of: request.steps) } ?? 0
        }
    }

    /// - Parameter tiling: how much of the picture is decoded at a time; the result is the same.
    package init(_ model: DiffusionBundle, tiling: Tiling = .standard, on executor: Executor) {
        self.model = model
        self.executor = executor
        self.tiling = tiling
    }

    /// Checks a request against the model's configuration; no weights are looked at.
    package func settle(_ request: GenerationRequest) throws -> Settled {
        try request.validate()
        let size = try request.size(
            default: model.defaultSide,
            multiple: max(model.latentSpace.pixelsPerLatent, 1))
        let sampler = request.sampler.flatMap(SamplerKind.init) ?? model.defaultSampler
        _ = try model.bundle.readingConfiguration {
            try makeSampler(
                sampler, configuration: model.schedulerConfiguration, steps: request.steps)
        }
        guard sampler != .olss || request.initial == nil else {
            throw PipelineError.invalidRequest(
                field: "sampler", expected: "another one beside a picture to begin with",
                found: "olss, whose tables are for walks from noise alone")
        }
        try requireSomethingToPaint(request, width: size.width, height: size.height)
        try checkDepthMap(request)
        return Settled(
            request: request, sampler: sampler, width: size.width, height: size.height)
    }

    /// Finds the memory that a request takes, before any work is done; throws where there is not enough.
    /// - Parameter upscaler: what will enlarge the pictures.
    package func plan(_ settled: Settled, upscaler: PictureUpscaler? = nil) throws -> Plan {
        let (width, height) = (settled.width, settled.height)
        let enlarging = try upscaler?.stage(width: width, height: height)
        let parts = try DiffusionParts(model, controls: settled.request.controls)
        let isEncoding =
            settled.request.initial != nil || model.conditioning == .maskedPicture
        let tokens = try model.tokens(of: settled.request, for: parts.encoder)
        let stages = parts.stages(
            width: width, height: height, tokens: tokens, begins: isEncoding, tiling: tiling,
            on: executor)
        return Plan(
            settled: settled,
            stages: try StagePlans(
                stages + [enlarging].compactMap(\.self), limit: settled.request.memoryLimit,
                for: "a picture of \(width)x\(height) pixels"),
            parts: parts, tokens: tokens, isEncoding: isEncoding)
    }

    /// The same for a request that is not settled yet.
    package func plan(
        _ request: GenerationRequest, upscaler: PictureUpscaler? = nil
    ) throws -> Plan {
        try plan(try settle(request), upscaler: upscaler)
    }

    /// Draws the pictures one after the other and hands each over as soon as it is done.
    /// - Parameters:
    ///   - start: where to begin; the pictures are the same from wherever.
    ///   - warn: is told of prompts that were cut.
    ///   - step: is shown the walk after each denoising step.
    package func run(
        _ plan: Plan, from start: Start = Start(), progress: ProgressHandler = { _ in },
        warn: (String) -> Void = { _ in },
        step: (_ loop: DenoisingLoop, _ picture: Int) throws -> Void = { _, _ in },
        each: (Result) throws -> Void
    ) throws {
        let request = plan.request
        guard start.picture < request.count else { return }
        plan.stages.reserve(on: executor)
        try progress(
            .init(stage: .text, step: 0, steps: 1, picture: start.picture, pictures: request.count))
        plan.tokens.warnings.forEach(warn)
        let context = try plan.stages[.text].run(on: executor) { executor -> Tensor in
            let context = plan.parts.encoder.context(of: plan.tokens, on: executor)
            try requireFinite(context.values.span, stage: "text encoder")
            return context
        }
        let initial = try initialLatents(plan, at: start.picture, progress: progress)
        for index in start.picture..<request.count {
            let seed = request.seed &+ UInt64(index)
            let checkpoint = index == start.picture ? start.checkpoint : nil
            let latents = try plan.stages[.denoise].run(on: executor) { executor -> [Float] in
                var loop = try loop(plan, seed: seed, context: context, on: executor)
                if let initial { loop.begin(with: initial, skipping: plan.skippedSteps) }
                if let checkpoint { _ = loop.resume(from: checkpoint) }
                try denoise(&loop, of: plan, index: index, progress: progress, step: step)
                return loop.latents
            }
            try progress(
                .init(
                    stage: .decode, step: 0, steps: 1, picture: index, pictures: request.count))
            let picture = try plan.stages[.decode].run(on: executor) { executor -> Picture in
                try decode(latents, plan: plan, on: executor)
            }
            try each(Result(picture: picture, seed: seed))
        }
    }

    private func loop(
        _ plan: Plan, seed: UInt64, context: Tensor, on executor: Executor
    ) throws -> DenoisingLoop {
        let request = plan.request
        return DenoisingLoop(
            unet: plan.parts.unet,
            sampler: try makeSampler(
                plan.sampler, configuration: model.schedulerConfiguration, steps: request.steps),
            context: context, guidance: request.guidance > 1 ? Float(request.guidance) : nil,
            seed: seed, shape: model.latentShape(width: plan.width, height: plan.height),
            depth: depth(of: plan),
            controls: plan.parts.controls(
                width: plan.width, height: plan.height, images: request.guidance > 1 ? 2 : 1,
                on: executor),
            on: executor)
    }

    private func denoise(
        _ loop: inout DenoisingLoop, of plan: Plan, index: Int, progress: ProgressHandler,
        step: (_ loop: DenoisingLoop, _ picture: Int) throws -> Void
    ) throws {
        repeat {
            try progress(
                .init(
                    stage: .denoise, step: loop.index, steps: loop.count, picture: index,
                    pictures: plan.request.count))
            guard try loop.advance() else { return }
            try step(loop, index)
        } while true
    }

    private func decode(
        _ latents: [Float], plan: Plan, on executor: Executor
    ) throws -> Picture {
        let room = plan.stages[.decode].activationBytes
        return try plan.parts.decode(
            latents, width: plan.width, height: plan.height, tiling: tiling.within(room),
            on: executor)
    }
}

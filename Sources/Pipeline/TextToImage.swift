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
        /// Pictures that share each pass over the U-Net's weights.
        package let picturesTogether: Int

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
    /// - Parameters:
    ///   - upscaler: what will enlarge the pictures.
    ///   - together: whether pictures may be denoised together, which a walk that is to be resumed
    ///     must not be.
    package func plan(
        _ settled: Settled, upscaler: PictureUpscaler? = nil, together: Bool = true
    ) throws -> Plan {
        let (width, height) = (settled.width, settled.height)
        let enlarging = try upscaler?.stage(width: width, height: height)
        let parts = try DiffusionParts(model, controls: settled.request.controls)
        let isEncoding =
            settled.request.initial != nil || model.conditioning == .maskedPicture
        let tokens = try model.tokens(of: settled.request, for: parts.encoder)
        let limit = settled.request.memoryLimit
        let rehearsal = executor.rehearsal
        let denoising = parts.denoising(
            width: width, height: height, tokens: tokens, on: rehearsal)
        let together = picturesTogether(
            of: together ? settled.request.count : 1, denoising: denoising,
            rows: tokens.prompts.count * model.latentShape(width: width, height: height).pixels,
            within: StagePlans.room(limit: limit))
        let stages = parts.stages(
            width: width, height: height, tokens: tokens, begins: isEncoding, tiling: tiling,
            denoising: denoising(together), on: rehearsal)
        return Plan(
            settled: settled,
            stages: try StagePlans(
                stages + [enlarging].compactMap(\.self), limit: limit,
                for: "a picture of \(width)x\(height) pixels"),
            parts: parts, tokens: tokens, picturesTogether: together, isEncoding: isEncoding)
    }

    /// The same for a request that is not settled yet.
    package func plan(
        _ request: GenerationRequest, upscaler: PictureUpscaler? = nil
    ) throws -> Plan {
        try plan(try settle(request), upscaler: upscaler)
    }

    /// Draws the pictures, as many at a time as the plan says, and hands each over as soon as it is done.
    /// - Parameters:
    ///   - start: where to begin; the pictures are the same from wherever. A checkpoint is for plans of
    ///     one picture at a time (trap).
    ///   - warn: is told of prompts that were cut.
    ///   - step: is shown each picture's walk after each denoising step.
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
        precondition(start.checkpoint == nil || plan.picturesTogether == 1)
        for first in stride(from: start.picture, to: request.count, by: plan.picturesTogether) {
            let pictures = first..<min(first + plan.picturesTogether, request.count)
            let latents = try plan.stages[.denoise].run(on: executor) { executor -> [[Float]] in
                let unet = plan.parts.guidedUNet(
                    width: plan.width, height: plan.height, context: context,
                    guidance: request.guidance, pictures: pictures.count, on: executor)
                var walks = try pictures.map { try walk(plan, picture: $0, from: initial) }
                if first == start.picture, let checkpoint = start.checkpoint {
                    _ = walks[0].resume(from: checkpoint)
                }
                try denoise(
                    &walks, with: unet, pictures: pictures, of: plan, progress: progress,
                    step: step)
                return walks.map(\.latents)
            }
            for (index, latents) in zip(pictures, latents) {
                try progress(
                    .init(
                        stage: .decode, step: 0, steps: 1, picture: index, pictures: request.count))
                let picture = try plan.stages[.decode].run(on: executor) { executor -> Picture in
                    try decode(latents, plan: plan, on: executor)
                }
                try each(Result(picture: picture, seed: request.seed &+ UInt64(index)))
            }
        }
    }

    func walk(
        _ plan: Plan, picture: Int, from initial: InitialLatents?
    ) throws -> DenoisingLoop {
        var walk = DenoisingLoop(
            sampler: try makeSampler(
                plan.sampler, configuration: model.schedulerConfiguration, steps: plan.request.steps
            ),
            seed: plan.request.seed &+ UInt64(picture),
            shape: model.latentShape(width: plan.width, height: plan.height),
            depth: depth(of: plan))
        if let initial { walk.begin(with: initial, skipping: plan.skippedSteps) }
        return walk
    }

    private func denoise(
        _ walks: inout [DenoisingLoop], with unet: GuidedUNet, pictures: Range<Int>, of plan: Plan,
        progress: ProgressHandler, step: (_ loop: DenoisingLoop, _ picture: Int) throws -> Void
    ) throws {
        repeat {
            try progress(
                .init(
                    stage: .denoise, step: walks[0].index, steps: walks[0].count,
                    picture: pictures.lowerBound, together: pictures.count,
                    pictures: plan.request.count))
            guard try unet.advance(&walks) else { return }
            for (walk, picture) in zip(walks, pictures) { try step(walk, picture) }
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

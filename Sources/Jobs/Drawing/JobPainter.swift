internal import Pictures
internal import Pipeline
internal import Samplers
internal import Tensors
internal import WeightStore

/// Draws what a request asks for, and finds out beforehand whether it can be drawn.
struct JobPainter: Sendable {
    private let configuration: JobConfiguration
    private let shelf: ModelShelf
    private let executor: Executor

    /// Told of the work while it goes on; what they throw ends it.
    struct Observer {
        var progress: (Progress) throws -> Void
        /// A denoising step is done: where it stands, and a way to see what there is so far. Where nobody
        /// wants to know, pictures are denoised together.
        var step:
            (
                (
                    _ checkpoint: DenoisingCheckpoint, _ picture: Int,
                    _ preview: () throws -> Picture?
                ) throws -> Void
            )?
        /// The top of a picture that was being enlarged, as `strip` kept it.
        var strips: (_ size: (width: Int, height: Int)) -> [Picture]
        /// Is offered the rows of a picture being enlarged that it has not kept yet; says whether it does.
        var strip: (_ rows: () -> Picture) throws -> Bool
        var image: (_ png: [UInt8], _ picture: Picture, _ seed: UInt64?) throws -> Void
        var warn: (String) -> Void
    }

    init(_ configuration: JobConfiguration, shelf: ModelShelf, on executor: Executor) {
        self.configuration = configuration
        self.shelf = shelf
        self.executor = executor
    }

    /// The request with everything filled in. Throws where it cannot be done, as a `RequestProblem`
    /// or in the pipeline's own words.
    func prepared(_ request: JobRequest) throws -> JobRequest {
        switch request.task {
        case .draw: try preparedDrawing(request)
        case .enlarge: try preparedEnlarging(request)
        }
    }

    /// Does the work of a prepared request.
    /// - Parameters:
    ///   - start: where drawing goes on.
    ///   - input: reads a picture that came with the request.
    func paint(
        _ request: JobRequest, from start: TextToImage.Start,
        input: (JobInput) throws -> [UInt8], interruption: Interruption, observer: Observer
    ) throws {
        let executor = executor.interrupted(by: interruption)
        var request = request
        try request.replaceInputs(with: input)
        switch request.task {
        case .draw:
            try draw(request, from: start, on: executor, observer: observer)
        case .enlarge:
            let upscaler = try upscaler(request, on: executor)
            let picture = try decode(request.image ?? [], as: .image).composited()
            let plan = try upscaler.plan(
                width: picture.width, height: picture.height, limit: configuration.memoryLimit)
            try observer.progress(
                Progress(stage: .upscale, step: 0, steps: 1, picture: 0, pictures: 1))
            let enlarged = try enlarge(picture, with: upscaler, plan: plan, observer: observer)
            try observer.image(try encodePNG(enlarged), enlarged, nil)
        }
    }

    /// What drawing depends on besides the request: a checkpoint made with anything else is void.
    func tags(of request: JobRequest) -> [String: String] {
        var tags = ["version": inkstoneVersion, "instruction_set": InstructionSet.current]
        let stages = (try? shelf.model(request.model ?? ""))?.bundle.stages ?? [:]
        for name in ["text_encoder", "unet", "vae"] { tags[name] = stages[name]?.sha256 ?? "" }
        for (index, choice) in request.controls.enumerated() {
            let net = try? shelf.controlNet(choice.name)
            tags["control.\(index)"] = net?.stages["controlnet"]?.sha256
        }
        tags["other_vae"] = (try? shelf.autoencoder(request))??.stages["vae"]?.sha256
        for (index, lora) in ((try? shelf.loras(request)) ?? []).enumerated() {
            let stages = lora.bundle.stages.sorted { $0.key < $1.key }
            tags["lora.\(index)"] = stages.map(\.value.sha256).joined(separator: " ")
        }
        for (index, inversion) in ((try? shelf.embeddings(request)) ?? []).enumerated() {
            tags["embedding.\(index)"] = inversion.bundle.stages["text_encoder"]?.sha256
        }
        let upscaler = request.upscaler.flatMap { try? shelf.upscaler($0) }
        tags["upscaler"] = upscaler?.stages["upscaler"]?.sha256 ?? ""
        return tags
    }
}

extension JobPainter {
    private func preparedDrawing(_ request: JobRequest) throws -> JobRequest {
        var request = request
        request.model = request.model ?? configuration.defaultModel
        let model = try shelf.model(request.model ?? "")
        let defaults = try RequestDefaults(model.bundle)
        request.sampler = request.sampler ?? defaults.sampler
        request.steps = request.steps ?? defaults.steps
        request.guidance = request.guidance ?? defaults.guidance
        request.seed = request.seed ?? UInt64(UInt32.random(in: .min ... .max))
        request.upscale = request.upscale || request.upscaler != nil
        if request.upscale, request.upscaler == nil {
            let own = model.bundle.stages["upscaler"] != nil
            request.upscaler = own ? request.model : configuration.defaultUpscaler
        }
        try check("count", request.count, most: configuration.count)
        try check("steps", request.steps ?? 1, most: configuration.steps)
        // JSON's integers end there, and each picture shows its own.
        guard (request.seed ?? 0) <= UInt64(Int64.max) - UInt64(max(request.count, 1) - 1) else {
            throw RequestProblem(
                field: "seed", expected: "seeds below 2^63", found: "\(request.seed ?? 0)")
        }
        let (painter, settled) = try settle(request, on: executor.rehearsal)
        guard settled.width <= configuration.pixels / settled.height else {
            throw RequestProblem(
                field: "width", expected: "at most \(configuration.pixels) pixels in all",
                found: "\(settled.width)x\(settled.height)")
        }
        try shelf.rehearsed.require(.init(request, settled)) {
            _ = try plan(settled, of: request, with: painter)
        }
        if request.image != nil {
            request.strength = request.strength ?? InitialPicture.usualStrength
        }
        request.sampler = settled.sampler.rawValue
        request.width = settled.width
        request.height = settled.height
        return request
    }

    private func preparedEnlarging(_ request: JobRequest) throws -> JobRequest {
        var request = request
        request.upscaler = request.upscaler ?? request.model ?? configuration.defaultUpscaler
        request.model = nil
        request.upscale = true
        request.count = 1
        let upscaler = try upscaler(request, on: executor.rehearsal)
        let picture = try decode(request.image ?? [], as: .image)
        guard picture.width <= configuration.enlargedPixels / picture.height else {
            throw RequestProblem(
                field: "image",
                expected: "at most \(configuration.enlargedPixels) pixels to enlarge",
                found: "\(picture.width)x\(picture.height)")
        }
        _ = try upscaler.plan(
            width: picture.width, height: picture.height, limit: configuration.memoryLimit)
        request.width = picture.width * upscaler.scale
        request.height = picture.height * upscaler.scale
        return request
    }

    private func decode(_ file: [UInt8], as input: JobInput) throws -> Picture {
        do {
            return try decodePicture(file, maximumPixels: configuration.enlargedPixels).picture
        } catch {
            throw RequestProblem(
                field: input.key, expected: "a \(readablePictures)", found: "\(error)")
        }
    }

    private func check(_ field: String, _ value: Int, most: Int) throws {
        guard value <= most else {
            throw RequestProblem(
                field: field, expected: "an integer in 1...\(most)", found: "\(value)")
        }
    }
}

extension JobPainter {
    private func draw(
        _ request: JobRequest, from start: TextToImage.Start, on executor: Executor,
        observer: Observer
    ) throws {
        let (painter, settled) = try settle(request, on: executor)
        let (plan, upscaler) = try plan(
            settled, of: request, with: painter, together: observer.step == nil)
        var index = start.picture
        try painter.run(
            plan, from: start, progress: observer.progress, warn: observer.warn,
            step: { loop, picture in
                try observer.step?(loop.checkpoint, picture) {
                    try painter.preview(of: loop, in: plan)
                }
            },
            each: { result in
                let enlarged = try upscaler.map { upscaler in
                    try observer.progress(
                        Progress(
                            stage: .upscale, step: 0, steps: 1, picture: index,
                            pictures: request.count))
                    return try enlarge(
                        result.picture, with: upscaler, plan: plan.stages, observer: observer)
                }
                let drawn = enlarged ?? result.picture
                let parameters = painter.parameters(
                    of: plan, seed: result.seed, upscaler: upscaler.map { ($0.name, $0.scale) })
                try observer.image(
                    try encodePNG(drawn, texts: [("parameters", parameters.text)]), drawn,
                    result.seed)
                index += 1
            })
    }

    private func enlarge(
        _ picture: Picture, with upscaler: PictureUpscaler, plan: StagePlans, observer: Observer
    ) throws -> Picture {
        let strips = observer.strips(
            (picture.width * upscaler.scale, picture.height * upscaler.scale))
        return try upscaler(picture, plan: plan, after: strips, strip: observer.strip)
    }

    private func settle(
        _ request: JobRequest, on executor: Executor
    ) throws -> (TextToImage, TextToImage.Settled) {
        let initial = try request.image.map { image in
            InitialPicture(
                try decode(image, as: .image),
                mask: try request.mask.map { InpaintingMask(try decode($0, as: .mask)) },
                strength: request.strength ?? InitialPicture.usualStrength)
        }
        let own = try shelf.model(request.model ?? "")
        let model = try (try shelf.autoencoder(request).map { try own.drawing(with: $0) } ?? own)
            .adding(try shelf.loras(request))
            .adding(try shelf.embeddings(request))
        let painter = TextToImage(model, on: executor)
        let settled = try painter.settle(
            GenerationRequest(
                prompt: request.prompt, negativePrompt: request.negativePrompt,
                isLongPrompt: request.isLongPrompt, isPlainPrompt: request.isPlainPrompt,
                steps: request.steps ?? 25, guidance: request.guidance ?? 7.5,
                sampler: request.sampler, seed: request.seed ?? 0, width: request.width,
                height: request.height, count: request.count, initial: initial,
                depthMap: try request.depthMap.map { DepthMap(try decode($0, as: .depthMap)) },
                controls: try controls(request), memoryLimit: configuration.memoryLimit))
        return (painter, settled)
    }

    private func controls(_ request: JobRequest) throws -> [ControlPicture] {
        try zip(request.controls, JobInput.controls).map { choice, input in
            try ControlPicture(
                try shelf.controlNet(choice.name), try decode(choice.image, as: input),
                outlines: choice.canny, scale: choice.scale)
        }
    }

    private func plan(
        _ settled: TextToImage.Settled, of request: JobRequest, with painter: TextToImage,
        together: Bool = false
    ) throws -> (TextToImage.Plan, PictureUpscaler?) {
        let upscaler =
            request.upscale ? try upscaler(request, on: painter.executor) : nil
        return (
            try painter.plan(settled, upscaler: upscaler, together: together), upscaler
        )
    }

    private func upscaler(_ request: JobRequest, on executor: Executor) throws -> PictureUpscaler {
        try PictureUpscaler(try shelf.upscaler(request.upscaler ?? ""), on: executor)
    }
}

extension RehearsedDrawings.Outline {
    fileprivate init(_ request: JobRequest, _ settled: TextToImage.Settled) {
        self.init(
            model: request.model ?? "", loras: request.loras.map(\.name),
            controls: request.controls.map(\.name), vae: request.vae,
            embeddings: request.embeddings,
            promptLength: request.isLongPrompt ? request.prompt.unicodeScalars.count : 0,
            upscaler: request.upscale ? request.upscaler : nil,
            width: settled.width, height: settled.height,
            isGuided: settled.request.guidance > 1,
            beginsWithPicture: settled.request.initial != nil)
    }
}

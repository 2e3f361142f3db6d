import ArgumentParser
import Pictures
import Pipeline
import Samplers
import WeightStore

/// `inkstone generate`: text to pictures.
struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Draw pictures from text.",
        discussion: """
            Examples:
              inkstone generate "熊猫，蓝色背景" -o panda.png
              inkstone generate "苹果，粉色背景" --count 4 --seed 7 --upscale
              echo "西瓜" | inkstone generate - -o - > melon.png
              inkstone generate "一位古装少女" --style anime --model ./my-model
              inkstone generate --like panda.png --count 4 --seed -1

            The same prompt, seed and options give the same picture. The PNG carries them in its \
            `parameters` text, where other programs find them too; inkstone inspect shows it. A \
            file that is there already is replaced.
            """)

    @Argument(help: "What to draw, in Chinese or English; - reads it from standard input.")
    var prompt: String?

    @Option(
        help: ArgumentHelp(
            "A picture that Inkstone drew, to draw again; what is said beside it counts more.",
            valueName: "png"))
    var like: String?

    @Option(
        help: ArgumentHelp(
            "Size, sampler, steps, guidance and words around the prompt, by a name of inkstone styles.",
            valueName: "name"))
    var style: String?

    @Option(
        name: [.customShort("n"), .customLong("negative")],
        help: ArgumentHelp("What the picture should not show.", valueName: "text"))
    var negativePrompt: String?

    @Option(
        help: ArgumentHelp(
            "The model: a name or a bundle's folder. (default: \(defaultModel))",
            valueName: "bundle"))
    var model: String?

    @Option(
        help: ArgumentHelp(
            "A LoRA to add to the model, a name or a bundle's folder, and how much of it (1 where it is not said); may be repeated.",
            valueName: "bundle[:scale]"))
    var lora: [LoRAChoice] = []

    @Option(
        help: ArgumentHelp(
            "An autoencoder in place of the model's, a name or a bundle's folder: a tiny one decodes many times faster.",
            valueName: "bundle"))
    var vae: String?

    @Option(
        help: ArgumentHelp(
            "A textual inversion, a name or a bundle's folder, whose word the prompt then may use; may be repeated.",
            valueName: "bundle"))
    var embedding: [String] = []

    @Flag(
        help:
            "Read all of a prompt that is longer than the model takes, in slices, as PAI-Diffusion's web interface does; without it the end is left out, with a warning."
    )
    var longPrompt = false

    @Flag(
        help:
            "Take brackets in the prompt as they stand; without it (word:1.3) counts more, [word] less, and \\( is a bracket."
    )
    var plainPrompt = false

    @Option(help: "Denoising steps: more take longer and draw finer. (default: the model's own)")
    var steps: Int?

    @Option(help: "How closely the picture follows the text. (default: the model's own)")
    var guidance: Double?

    @Option(
        help: ArgumentHelp(
            "How the noise is removed: "
                + SamplerKind.allCases.map(\.rawValue).joined(separator: ", ")
                + ". (default: the model's own)",
            valueName: "name"))
    var sampler: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The number that the picture grows from, -1 for a random one. (default: a random one)",
            valueName: "seed"))
    var seed: SeedOption?

    @Option(
        help: ArgumentHelp(
            "Width and height in pixels. (default: the model's own)", valueName: "WxH"))
    var size: PictureSize?

    @Option(
        name: .customLong("init"),
        help: ArgumentHelp(
            "A \(readablePictures) to begin with, - for standard input; resized to --size, which is its own by default.",
            valueName: "picture"))
    var initial: String?

    @Option(
        help: ArgumentHelp(
            "A \(readablePictures) that is white where the picture to begin with is painted anew, and black where it stays.",
            valueName: "picture"))
    var mask: String?

    @Option(
        help: ArgumentHelp(
            "A picture that a ControlNet makes the drawing follow, and how much (1 where it is not said); may be repeated.",
            valueName: "net=picture[:scale]"))
    var control: [ControlChoice] = []

    @Option(
        help: ArgumentHelp(
            "Follow the outlines of the --control pictures, found by Canny's detector with these thresholds, such as 100,200.",
            valueName: "low,high"))
    var canny: CannyOption?

    @Option(
        help: ArgumentHelp(
            "A \(readablePictures), bright where things are near, for models that draw after a depth map.",
            valueName: "picture"))
    var depthMap: String?

    @Option(
        help: ArgumentHelp(
            "How much of the picture may change: above 0, at most 1. (default: 0.8)",
            valueName: "share"))
    var strength: Double?

    @Option(help: "Pictures to draw; each has the seed after the one before.")
    var count = 1

    @Flag(help: "Enlarge the pictures, four times with the usual upscaler.")
    var upscale = false

    @Option(
        help: ArgumentHelp(
            "The upscaler, a name or a bundle's folder; says --upscale as well. "
                + "(default: the model's own, or \(defaultUpscaler))",
            valueName: "bundle"))
    var upscaler: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The PNG to write, - for standard output. More than one picture are numbered: "
                + "FILE-1.png, FILE-2.png. (default: inkstone-SEED.png)",
            valueName: "file"))
    var output: String?

    @Flag(name: .shortAndLong, help: "Show no progress.")
    var quiet = false

    @Flag(help: "Let the daemon draw (inkstone serve), with its models and within its limits.")
    var daemon = false

    @OptionGroup var socket: SocketOption

    @OptionGroup var memory: MemoryOptions

    @OptionGroup var machine: MachineOptions

    func validate() throws {
        guard prompt != nil || like != nil else {
            throw ValidationError("expected a prompt, or a picture to draw again with --like")
        }
        guard strength == nil || initial != nil else {
            throw ValidationError("--strength: expected beside --init, which is missing")
        }
        guard mask == nil || initial != nil else {
            throw ValidationError("--mask: expected beside --init, which is missing")
        }
        guard [prompt, like, initial, mask, depthMap].count(where: { $0 == "-" }) <= 1 else {
            throw ValidationError(
                "only one of prompt, --like, --init, --mask and --depth-map can be standard input")
        }
        guard canny == nil || !control.isEmpty else {
            throw ValidationError("--canny: expected beside --control, which is missing")
        }
        guard output != "-" || count == 1 else {
            throw ValidationError("--count: standard output takes one picture, found \(count)")
        }
        guard daemon || socket.socket == nil else {
            throw ValidationError("--socket: say --daemon as well")
        }
        guard !daemon || (memory.memoryLimit == nil && machine.threads == nil) else {
            throw ValidationError(
                "--memory-limit and --threads are the daemon's; give them to inkstone serve")
        }
    }

    func run() async throws {
        if daemon { try await drawInDaemon() } else { try drawHere() }
    }

    private func drawHere() throws {
        let executor = try machine.executor()
        let library = ModelLibrary()
        let wishes = try wishes()
        let own = try DiffusionBundle(try library.open(wishes.model))
        let model = try (try wishes.vae.map { try own.drawing(with: library.open($0)) } ?? own)
            .adding(try wishes.loras.map { try LoRA(library.open($0.name), scale: $0.scale) })
            .adding(try wishes.embeddings.map { try TextualInversion(library.open($0)) })
        let painter = TextToImage(model, on: executor)
        let upscaler = try upscalerBundle(for: model.bundle, in: library).map {
            try PictureUpscaler($0, on: executor)
        }
        let plan = try painter.plan(try request(wishes, for: model.bundle), upscaler: upscaler)
        for index in 0..<count {
            try target(seed: plan.request.seed &+ UInt64(index), index: index).check()
        }
        let display = GenerationDisplay(quiet: quiet)
        defer { display.finish() }
        var index = 0
        try painter.run(plan, progress: display.show, warn: display.warn) { result in
            let picture = try upscaler.map { upscaler in
                display.showUpscaling(picture: index, of: count)
                return try upscaler(result.picture, plan: plan.stages)
            }
            let parameters = painter.parameters(
                of: plan, seed: result.seed, upscaler: upscaler.map { ($0.name, $0.scale) })
            let target = target(seed: result.seed, index: index)
            let drawn = picture ?? result.picture
            try target.write(
                try encodePNG(drawn, texts: [("parameters", parameters.text)]))
            display.note("\(target.name): \(drawn.width)x\(drawn.height), seed \(result.seed)")
            index += 1
        }
    }

    /// What is asked for: the options count more than the style, the style more than the picture that
    /// is repeated.
    func wishes() throws -> Wishes {
        var wishes =
            try like.map {
                try Wishes(
                    like: $0, begins: initial != nil, follows: !control.isEmpty)
            } ?? Wishes()
        if let prompt { wishes.prompt = try prompt == "-" ? promptFromInput() : prompt }
        if let style { wishes.take(try Style.named(style)) }
        wishes.negativePrompt = negativePrompt ?? wishes.negativePrompt
        wishes.model = model ?? wishes.model
        if !lora.isEmpty { wishes.loras = lora }
        if !embedding.isEmpty { wishes.embeddings = embedding }
        wishes.vae = vae ?? wishes.vae
        if longPrompt { wishes.isLongPrompt = true }
        if plainPrompt { wishes.isPlainPrompt = true }
        wishes.steps = steps ?? wishes.steps
        wishes.guidance = guidance ?? wishes.guidance
        wishes.sampler = sampler ?? wishes.sampler
        wishes.size = size ?? wishes.size
        if let seed { wishes.seed = seed.number }
        return wishes
    }

    private func request(_ wishes: Wishes, for bundle: Bundle) throws -> GenerationRequest {
        let defaults = try RequestDefaults(bundle)
        return GenerationRequest(
            prompt: wishes.prompt, negativePrompt: wishes.negativePrompt,
            isLongPrompt: wishes.isLongPrompt, isPlainPrompt: wishes.isPlainPrompt,
            steps: wishes.steps ?? defaults.steps,
            guidance: wishes.guidance ?? defaults.guidance,
            sampler: wishes.sampler ?? defaults.sampler,
            seed: wishes.seed ?? UInt64(UInt32.random(in: .min ... .max)),
            width: wishes.size?.width, height: wishes.size?.height, count: count,
            initial: try initialPicture(),
            depthMap: try depthMap.map { DepthMap(try readPicture($0).picture) },
            controls: try control.map(controlPicture),
            memoryLimit: memory.bytes)
    }

    private func initialPicture() throws -> InitialPicture? {
        guard let initial else { return nil }
        return InitialPicture(
            try readPicture(initial).picture,
            mask: try mask.map { InpaintingMask(try readPicture($0).picture) },
            strength: strength ?? InitialPicture.usualStrength)
    }

    private func controlPicture(_ choice: ControlChoice) throws -> ControlPicture {
        try ControlPicture(
            try ModelLibrary().open(choice.net), try readPicture(choice.picture).picture,
            outlines: canny?.thresholds, scale: choice.scale)
    }

    func promptFromInput() throws -> String {
        let bytes = try readInput("-", limit: 1 << 20)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw UsageError("the prompt on standard input is not UTF-8 text")
        }
        return String(text.reversed().drop(while: \.isWhitespace).reversed())
    }

    private func upscalerBundle(for model: Bundle, in library: ModelLibrary) throws -> Bundle? {
        if let upscaler { return try library.open(upscaler) }
        guard upscale else { return nil }
        return model.stages["upscaler"] == nil ? try library.open(defaultUpscaler) : model
    }

    func target(seed: UInt64, index: Int) -> Output {
        guard let output else { return Output("inkstone-\(seed).png") }
        return count == 1 ? Output(output) : Output(output).numbered(index + 1)
    }
}

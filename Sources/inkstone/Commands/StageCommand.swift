import ArgumentParser
import Pipeline
import Tensors
import WeightStore

/// `inkstone stage`: one stage alone, safetensors in, safetensors out.
struct StageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stage",
        abstract: "Run one stage of a model alone, for porting and checking models.",
        discussion: """
            Tensors are read from and written to safetensors files: F32, pictures and latents in \
            NCHW order, token ids I32.

            Example:
              inkstone stage tokenize --prompt "熊猫" --out ids.safetensors
              inkstone stage text --in ids.safetensors --out hidden.safetensors
            """,
        subcommands: [
            TokenizeStage.self, NoiseStage.self, TextStage.self, UNetStage.self, DecodeStage.self,
            EncodeStage.self, UpscaleStage.self,
        ])
}

/// The options of every stage that a model has.
struct StageOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The model: a name or a bundle's folder.", valueName: "bundle"))
    var model = defaultModel

    @OptionGroup var target: StageTarget
    @OptionGroup var machine: MachineOptions

    func runner(tiling: Tiling = .standard) throws -> StageRunner {
        StageRunner(try ModelLibrary().open(model), tiling: tiling, on: try machine.executor())
    }
}

/// Where a stage's output goes.
struct StageTarget: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The safetensors file to write, - for standard output.", valueName: "file"))
    var out: String

    func write(_ tensors: [SafetensorsTensor]) throws {
        try Output(out).write(try safetensorsBytes(tensors))
    }
}

/// A stage from file to file.
struct StageInputOption: ParsableArguments {
    @Option(help: ArgumentHelp("The safetensors file to read.", valueName: "file"))
    var `in`: String

    func open() throws -> SafetensorsFile { try SafetensorsFile(path: `in`) }
}

/// `inkstone stage tokenize`.
struct TokenizeStage: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize", abstract: "A prompt → ids I32 [1, T].")

    @Option(help: "The text.") var prompt: String
    @OptionGroup var options: StageOptions

    func run() throws {
        let ids = try options.runner().tokenize(prompt) {
            StandardError.write("inkstone: warning: \($0)\n")
        }
        try options.target.write(ids)
    }
}

/// `inkstone stage noise`.
struct NoiseStage: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "noise",
        abstract: "A seed → noise of the given shape, as torch's CPU generator draws it.")

    @Option(help: "The seed.") var seed: UInt64
    @Option(help: ArgumentHelp("Dimensions, such as 1,4,64,64.", valueName: "dimensions"))
    var shape: String
    @Option(help: "What the tensor is called: latents, for the decoder to take it.")
    var name = "noise"
    @Option(help: "Taken as the other stages take it; noise is the same for every model.")
    var model: String?
    @OptionGroup var target: StageTarget

    func run() throws {
        let parts = shape.split(separator: ",", omittingEmptySubsequences: false)
        let dimensions = parts.compactMap { Int($0) }
        guard dimensions.count == parts.count else {
            throw UsageError("--shape: expected whole numbers such as 1,4,64,64, found \(shape)")
        }
        try target.write(try StageRunner.noise(seed: seed, shape: dimensions, name: name))
    }
}

/// `inkstone stage text`.
struct TextStage: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "text", abstract: "ids I32 [N, T] → hidden [N, T, C].")

    @OptionGroup var input: StageInputOption
    @OptionGroup var options: StageOptions

    func run() throws {
        try options.target.write(try options.runner().text(try input.open()))
    }
}

/// `inkstone stage unet`.
struct UNetStage: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unet",
        abstract: "sample [N, C, H, W], timestep [N] or [1], context [N, T, D] → sample.")

    @OptionGroup var input: StageInputOption
    @OptionGroup var options: StageOptions

    func run() throws {
        try options.target.write(try options.runner().unet(try input.open()))
    }
}

/// `inkstone stage decode`.
struct DecodeStage: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode",
        abstract: "latents [N, C, h, w] → image [N, 3, H, W], without the scaling factor.")

    @OptionGroup var input: StageInputOption
    @OptionGroup var options: StageOptions
    @OptionGroup var tile: TileOption
    @OptionGroup var memory: MemoryOptions

    func run() throws {
        let runner = try options.runner(tiling: tile.tiling)
        try options.target.write(
            try runner.decode(try input.open(), memoryLimit: memory.bytes))
    }
}

/// `inkstone stage encode`.
struct EncodeStage: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "encode",
        abstract: "image [N, 3, H, W] within -1…1 → mean and logvar [N, C, h, w].")

    @OptionGroup var input: StageInputOption
    @OptionGroup var options: StageOptions
    @OptionGroup var tile: TileOption

    func run() throws {
        try options.target.write(try options.runner(tiling: tile.tiling).encode(try input.open()))
    }
}

/// `inkstone stage upscale`.
struct UpscaleStage: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upscale", abstract: "image [N, 3, H, W] within 0…1 → image, enlarged.")

    @OptionGroup var input: StageInputOption
    @OptionGroup var options: StageOptions
    @OptionGroup var tile: TileOption

    func run() throws {
        try options.target.write(try options.runner(tiling: tile.tiling).upscale(try input.open()))
    }
}

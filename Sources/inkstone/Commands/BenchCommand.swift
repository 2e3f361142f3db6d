import ArgumentParser
import Pipeline
import Tensors
import WeightStore

/// `inkstone bench`: how fast the stages of a model run here.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure how fast and in how much memory each stage of a model runs.",
        discussion: """
            Each stage runs alone on made-up input of the real shapes. GMAC are the \
            multiplications with an addition that it takes, GFLOP/s two of them each, per second. \
            Peak memory is of the whole process while the stage runs: resident with the mapped \
            weights, anonymous without.
            """)

    @Option(help: ArgumentHelp("The model: a name or a bundle's folder.", valueName: "bundle"))
    var model = defaultModel

    @Option(
        help: ArgumentHelp(
            "An upscaler to measure as well: a name or a bundle's folder. "
                + "(default: the model's own, if it has one)",
            valueName: "bundle"))
    var upscaler: String?

    @Option(
        help: ArgumentHelp(
            "Width and height of the picture. (default: the model's own)", valueName: "WxH"))
    var size: PictureSize?

    @Option(help: "Runs of each stage; the table has their median and spread.")
    var runs = 3

    @Flag(help: "Measure the U-Net as a batch of two as well, as guidance runs it.")
    var guided = false

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    @OptionGroup var machine: MachineOptions

    func validate() throws {
        guard (1...1000).contains(runs) else {
            throw ValidationError("--runs: expected 1 to 1000, found \(runs)")
        }
    }

    func run() throws {
        let executor = try machine.executor()
        let library = ModelLibrary()
        let bundle = try library.open(model)
        let benchmark = StageBenchmark(runs: runs, executor: executor)
        var timings: [StageTiming] = []
        var pictureSize = size ?? PictureSize(width: 128, height: 128)
        if bundle.family != "upscaler" {
            let model = try DiffusionBundle(bundle)
            pictureSize = try measuredSize(for: model, on: executor)
            timings.append(try benchmark.text(model))
            timings.append(try benchmark.unet(model, size: pictureSize, guided: false))
            if guided {
                timings.append(try benchmark.unet(model, size: pictureSize, guided: true))
            }
            timings.append(try benchmark.decode(model, size: pictureSize))
        }
        if let upscaler = try upscaler.map(library.open) ?? bundle.withUpscaler {
            timings.append(try benchmark.upscale(upscaler, size: pictureSize))
        }
        let report = BenchReport(
            model: bundle.name, machine: processorName(), instructionSet: InstructionSet.current,
            threads: executor.parallel.threads, timings: timings)
        try json
            ? StandardOutput.write(report.json.serialized(pretty: true))
            : StandardOutput.write(report.text)
    }

    /// The picture's size, checked as for a request.
    private func measuredSize(
        for model: DiffusionBundle, on executor: Executor
    ) throws -> PictureSize {
        let request = GenerationRequest(prompt: "", width: size?.width, height: size?.height)
        let plan = try TextToImage(model, on: executor).plan(request)
        return PictureSize(width: plan.width, height: plan.height)
    }
}

extension Bundle {
    /// The bundle itself if it holds an upscaler.
    fileprivate var withUpscaler: Bundle? { stages["upscaler"] == nil ? nil : self }
}

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
            Each stage runs alone on made-up input of the real shapes, and then a whole picture is \
            drawn. GMAC are the multiplications with an addition that it takes, GFLOP/s two of \
            them each, per second. The ceiling is what a loop of nothing but float32 multiply-adds \
            reaches in the same run; integer kernels may pass it. Peak memory is of the whole \
            process while the stage runs: resident with the mapped weights, anonymous without.

            With --on-request it prints "ready" when the stage could run, then runs it once for \
            each line of standard input and prints the seconds.
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

    @Option(
        help: ArgumentHelp(
            "What to measure, with commas: "
                + BenchStage.allCases.map(\.option).joined(separator: ", ")
                + ". (default: all that the model has, without guided)",
            valueName: "names"))
    var stages: BenchStages?

    @Flag(help: "Measure the U-Net as a batch of two as well, as guidance runs it.")
    var guided = false

    @Option(help: "Steps of the whole picture. (default: the model's own)")
    var steps: Int?

    @Flag(help: "Run the one stage that --stages names for each line of standard input.")
    var onRequest = false

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    @OptionGroup var machine: MachineOptions

    func validate() throws {
        guard (1...1000).contains(runs) else {
            throw ValidationError("--runs: expected 1 to 1000, found \(runs)")
        }
        guard !onRequest || stages?.list.count == 1 else {
            throw ValidationError("--on-request: expected one stage in --stages")
        }
    }

    func run() throws {
        let executor = try machine.executor()
        let library = ModelLibrary()
        let bundle = try library.open(model)
        let subject = try subject(bundle, from: library, on: executor)
        let benchmark = StageBenchmark(runs: runs, executor: executor)
        let works = try chosenStages(of: subject).map(subject.work)
        if onRequest { return try benchmark.serve(works[0]) }
        let report = BenchReport(
            model: bundle.name, machine: processorName(), instructionSet: InstructionSet.current,
            threads: executor.parallel.threads,
            ceiling: MachineCeiling.float32Gigaflops(on: executor.parallel),
            timings: try works.map(benchmark.measure))
        try json
            ? StandardOutput.write(report.json.serialized(pretty: true))
            : StandardOutput.write(report.text)
    }

    private func chosenStages(of subject: BenchSubject) -> [BenchStage] {
        if let stages { return stages.list }
        guard guided, let unet = subject.stages.firstIndex(of: .unet) else { return subject.stages }
        var stages = subject.stages
        stages.insert(.guided, at: unet + 1)
        return stages
    }

    private func subject(
        _ bundle: Bundle, from library: ModelLibrary, on executor: Executor
    ) throws -> BenchSubject {
        let model = bundle.family == "upscaler" ? nil : try DiffusionBundle(bundle)
        let pictureSize = try model.map { try measuredSize(for: $0, on: executor) }
        return BenchSubject(
            model: model, upscaler: try upscaler.map(library.open) ?? bundle.withUpscaler,
            size: pictureSize ?? size ?? PictureSize(width: 128, height: 128), steps: steps,
            executor: executor)
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

/// Stages on the command line: `unet,decode`.
struct BenchStages: ExpressibleByArgument {
    let list: [BenchStage]

    init?(argument: String) {
        var list: [BenchStage] = []
        for name in argument.split(separator: ",", omittingEmptySubsequences: false) {
            guard let stage = BenchStage.allCases.first(where: { $0.option == name }) else {
                return nil
            }
            list.append(stage)
        }
        self.list = list
    }
}

extension Bundle {
    /// The bundle itself if it holds an upscaler.
    fileprivate var withUpscaler: Bundle? { stages["upscaler"] == nil ? nil : self }
}

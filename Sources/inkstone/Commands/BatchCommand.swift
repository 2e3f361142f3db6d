import ArgumentParser
import Jobs
import Pipeline
import Tensors
import Terminal
import WeightStore

/// `inkstone batch`: a file of requests to a folder of pictures.
struct BatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch",
        abstract: "Draw a file of requests into a folder.",
        discussion: """
            Each line of the file is a JSON object with the daemon's fields:
              {"prompt": "熊猫，蓝色背景", "seed": 7}
              {"prompt": "苹果", "count": 2, "upscale": true}
              {"prompt": "西瓜", "image": "@sketch.png", "strength": 0.6}

            Line 3 becomes 000003.png, or 000003-1.png and so on where it asks for several. \
            manifest.jsonl says what became of each line. A line that makes no sense is reported \
            and the others go on. Interrupted and run again, the batch goes on where it was. A line \
            without a seed has one of its own, the same each time.

            --shard I/N draws every Nth line, the first for I = 0: the N parts need not know of each \
            other, and may share the folder.
            """)

    @Argument(help: "The requests, one JSON object a line; - for standard input.")
    var jobs: String

    @Argument(help: "The folder of pictures; made if it is not there.")
    var output: String

    @Option(
        help: ArgumentHelp(
            "The model of requests that name none: a name or a bundle's folder.",
            valueName: "bundle"))
    var model = defaultModel

    @Option(help: ArgumentHelp("Draw part I, from 0, of N parts.", valueName: "I/N"))
    var shard: ShardOption?

    @Flag(name: .shortAndLong, help: "Report only what fails.")
    var quiet = false

    @OptionGroup var memory: MemoryOptions

    @OptionGroup var machine: MachineOptions

    func run() throws {
        let bytes = try readInput(jobs, limit: 1 << 30)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw UsageError("\(jobs): not UTF-8 text")
        }
        let batch = try Batch(
            configuration, output: output, inputs: folder, shard: shard?.shard ?? .whole)
        let lines = BatchLine.lines(of: text)
        let display = GenerationDisplay(quiet: quiet)
        defer { display.finish() }
        // Of thousands of lines a log needs no more than what each came to.
        let isWatched = isTerminal(2)
        let failed = try batch.run(
            lines, progress: { _, progress in if isWatched { display.show(progress) } }
        ) { line, outcome, warnings in
            for warning in warnings { display.warn("line \(line.number): \(warning)") }
            switch outcome {
            case .there: break
            case .drawn(let files):
                display.note("line \(line.number): \(files.joined(separator: ", "))")
            case .failed(let error):
                display.finish()
                StandardError.write("inkstone: error: \(jobs), line \(line.number): \(error)\n")
            }
        }
        guard failed == 0 else { throw BatchFailure(failed: failed) }
    }

    /// Bounds that only guard against what no machine could do.
    private var configuration: JobConfiguration {
        var configuration = JobConfiguration(
            spool: "", library: ModelLibrary(), defaultModel: model,
            defaultUpscaler: defaultUpscaler, threads: machine.threads ?? Parallel.processors)
        configuration.opensPaths = true
        configuration.memoryLimit = memory.bytes
        configuration.steps = 1000
        configuration.pixels = 4096 * 4096
        configuration.enlargedPixels = 4096 * 4096
        configuration.count = 1000
        return configuration
    }

    /// Where the file of requests stands.
    private var folder: String {
        guard jobs != "-", let slash = jobs.lastIndex(of: "/") else { return "." }
        return slash == jobs.startIndex ? "/" : String(jobs[..<slash])
    }
}

/// `I/N`.
struct ShardOption: ExpressibleByArgument {
    let shard: Batch.Shard

    init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let index = Int(parts[0]), let count = Int(parts[1]),
            let shard = Batch.Shard(index: index, count: count)
        else { return nil }
        self.shard = shard
    }
}

/// Some lines could not be drawn; each was told already.
private struct BatchFailure: Error, CustomStringConvertible {
    let failed: Int

    var description: String {
        failed == 1 ? "1 line could not be drawn" : "\(failed) lines could not be drawn"
    }
}

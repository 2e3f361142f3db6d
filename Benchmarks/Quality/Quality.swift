import ArgumentParser
import Pipeline
import Quantizer
import Tensors
import Terminal
import TestSupport
import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Measures what quantised weights cost in picture quality, and fails where it is too much.
///
/// Both bundles are made from the same checkpoint, run on the same machine, and are given the same
/// inputs, stage by stage and as a whole.
@main
struct Quality: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quality",
        abstract: "Measure what quantised weights cost in picture quality, against float32.",
        discussion: """
            Exits with 1 if a bound is broken. INKSTONE_ISA chooses the kernels. Run it in the root of \
            the repository, or name the files.
            """)

    @Option(help: ArgumentHelp("A checkpoint in diffusers' layout.", valueName: "folder"))
    var checkpoint = "Models/checkpoints/emoji-zh-128"

    @Option(help: ArgumentHelp("Prompts and settings of the pictures.", valueName: "file"))
    var cases = "Tests/Fixtures/emoji-zh-128/cases.json"

    @Option(help: ArgumentHelp("A folder of upscalers in .safetensors.", valueName: "folder"))
    var upscalers = "Models/checkpoints"

    @Option(help: "What is compared with float32.")
    var type = WeightType.int8

    @Option(
        help: ArgumentHelp(
            "As in inkstone-quantize; may be repeated. With it, upscalers are left out.",
            valueName: "pattern=type"))
    var keep: [String] = []

    @Option(
        help: """
            Precision of the activations that meet int8 weights: 12 bits (q16) or 8 (q8). May be \
            repeated; both by default, what the processor prefers first. The first is held to the bounds.
            """)
    var activation: [ActivationPrecision] = []

    @Option(help: ArgumentHelp("Threads; one a processor by default.", valueName: "n"))
    var threads: Int?

    @Option(help: ArgumentHelp("Write the figures as Markdown, too.", valueName: "file"))
    var output: String?

    func validate() throws {
        guard threads ?? 1 >= 1 else { throw ValidationError("--threads: expected 1 or more") }
    }

    func run() throws {
        let isa = try InstructionSet.selectFromEnvironment()
        let figures = try measure()
        let document = QualityDocument(
            figures: figures, isa: isa, type: type, checkpoint: checkpoint, keep: keep)
        print(document.text)
        if let output { try AtomicFile.writeAtomically(Array(document.text.utf8), to: output) }
        let broken = figures.brokenBounds
        for bound in broken { complain("quality: \(bound)\n") }
        if !broken.isEmpty { throw ExitCode(1) }
    }

    private func measure() throws -> Figures {
        let requests = try readRequests(cases)
        let exceptions = try keep.map { try QuantizationRecipe.Exception($0) }
        let recipe = QuantizationRecipe(type: type, exceptions: exceptions)
        var evaluation = Evaluation(
            type: type, precisions: precisions, threads: threads ?? Parallel.processors)
        try withTemporaryFolder { folder in
            let pair = BundlePair(folder: folder, recipe: recipe)
            try evaluation.compareModel(pair.make(from: checkpoint), requests: requests)
            for path in keep.isEmpty ? safetensorsFiles(in: upscalers) : [] {
                try evaluation.compareUpscaler(pair.make(from: path))
            }
        }
        return evaluation.figures
    }

    /// Floating-point weights meet float32 activations only, so there is nothing to choose.
    private var precisions: [ActivationPrecision] {
        guard type == .int8 else { return [.preferred] }
        guard activation.isEmpty else { return activation }
        let preferred = ActivationPrecision.preferred
        return [preferred] + ActivationPrecision.allCases.filter { $0 != preferred }
    }
}

extension WeightType: ExpressibleByArgument {}
extension ActivationPrecision: ExpressibleByArgument {}

/// A checkpoint in float32 and in the type that is measured.
struct BundlePair {
    let folder: String
    let recipe: QuantizationRecipe

    /// The two bundles' paths, and the model's name.
    struct Paths {
        let name: String
        let type: WeightType
        let float32: String
        let quantised: String
    }

    /// Quantizes the checkpoint twice.
    func make(from checkpoint: String) throws -> Paths {
        var name = checkpoint.split(separator: "/").last.map(String.init) ?? checkpoint
        if name.hasSuffix(".safetensors") { name.removeLast(".safetensors".count) }
        complain("quantizing \(name)\n")
        let paths = Paths(
            name: name, type: recipe.type, float32: "\(folder)/f32-\(name)",
            quantised: "\(folder)/quantised-\(name)")
        _ = try Conversion.open(checkpoint, recipe: QuantizationRecipe(type: .f32))
            .write(to: paths.float32)
        _ = try Conversion.open(checkpoint, recipe: recipe).write(to: paths.quantised)
        return paths
    }
}

/// The pictures to draw, from a list under diffusers' names for settings.
func readRequests(_ path: String) throws -> [GenerationRequest] {
    let list = try JSONValue.parse(try readFile(path)).array ?? []
    let requests = list.compactMap { item -> GenerationRequest? in
        guard let prompt = item["prompt"]?.string, let seed = item["seed"]?.int,
            let steps = item["steps"]?.int, let guidance = item["guidance"]?.double
        else { return nil }
        return GenerationRequest(
            prompt: prompt, steps: steps, guidance: guidance, sampler: item["sampler"]?.string,
            seed: UInt64(seed))
    }
    guard !list.isEmpty, requests.count == list.count else {
        throw ValidationError("\(path): expected a list of prompt, seed, steps, guidance, sampler")
    }
    return requests
}

/// The safetensors files of a folder, sorted by name.
func safetensorsFiles(in folder: String) -> [String] {
    var found = glob_t()
    defer { globfree(&found) }
    guard glob("\(folder)/*.safetensors", 0, nil, &found) == 0 else { return [] }
    return (0..<Int(found.gl_pathc)).compactMap { index in
        found.gl_pathv[index].map { String(cString: $0) }
    }
}

/// Writes to the standard error output.
func complain(_ text: String) {
    var text = text
    _ = text.withUTF8 { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

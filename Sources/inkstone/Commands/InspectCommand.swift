import ArgumentParser
import Pictures
import Pipeline
import Terminal
import WeightStore

/// `inkstone inspect`: what a bundle or a picture holds.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what a model consists of, or how a picture was drawn.",
        discussion: """
            Examples:
              inkstone inspect emoji-zh-128 --verify
              inkstone inspect emoji-zh-128 --plan --size 256x256 --memory-limit 100M
              inkstone inspect emoji-zh-128 --board pi4 --steps 20
              inkstone inspect panda.png

            --plan shows the memory that a picture takes, stage by stage: the weights that are read \
            and how much of them is in memory at once, the activations at their peak, and the \
            pictures themselves. Of an upscaler's bundle, --size is the picture's that is enlarged.

            --board shows the same for a small computer, and how long a picture would take there: \
            computed from the kernels' cycles, the clock and the card, not measured. Within its memory, \
            unless --memory-limit says another.
            """)

    @Argument(
        help: ArgumentHelp(
            "A model's name, a bundle's folder, or a picture (- for standard input).",
            valueName: "bundle|picture"))
    var subject: String

    @Flag(help: "Compare each weight file with its SHA-256, and look for broken numbers.")
    var verify = false

    @Flag(help: "Show the memory that a picture takes, and run nothing.")
    var plan = false

    @Option(
        help: ArgumentHelp(
            "Show the memory and, computed, the time of a picture on a board.",
            valueName: "name"))
    var board: BoardChoice?

    @OptionGroup(title: "WHAT IS PLANNED") var drawing: PlannedDrawing

    @OptionGroup var memory: MemoryOptions

    @OptionGroup var machine: MachineOptions

    func validate() throws {
        guard plan || board != nil || (drawing.isDefault && memory.memoryLimit == nil) else {
            throw ValidationError(
                "--size, --steps, --guidance, --vae, --upscaler and --memory-limit belong to --plan or --board"
            )
        }
        guard board == nil || (!plan && machine.threads == nil) else {
            throw ValidationError("--board: expected without --plan and --threads")
        }
    }

    func run() throws {
        if subject == "-" || (isRegularFile(subject) && !subject.hasSuffix(Bundle.fileName)) {
            guard !verify && !plan && board == nil else {
                throw UsageError(
                    "--verify, --plan and --board are for bundles, and \(subject) is none")
            }
            try StandardOutput.write(try describePicture())
        } else {
            let suffix = "/" + Bundle.fileName
            let name = subject.hasSuffix(suffix) ? String(subject.dropLast(suffix.count)) : subject
            let bundle = try ModelLibrary().open(name)
            try StandardOutput.write(try describe(bundle))
            if verify { try check(bundle) }
            if plan {
                let (stages, _) = try drawing.plan(
                    bundle, on: try machine.executor(), limit: memory.bytes)
                let report = MemoryReport(plan: stages.memory, limit: memory.bytes)
                try StandardOutput.write("\n" + report.text)
            }
            if let board = board?.board {
                let limit = memory.bytes ?? board.freeBytes
                let (stages, evaluations) = try drawing.plan(
                    bundle, on: board.executor, limit: limit)
                let report = BoardReport(
                    board: board, limit: limit, plan: stages.memory,
                    estimate: stages.estimate(on: board, evaluations: evaluations))
                try StandardOutput.write("\n" + report.text)
            }
        }
    }

    private func describePicture() throws -> String {
        let decoded = try readPicture(subject)
        let picture = decoded.picture
        var text =
            "\(picture.width)x\(picture.height), \(picture.channels == 4 ? "RGB with transparency" : "RGB")\n"
        for (key, value) in decoded.texts {
            text += "\n\(printable(key)):\n\(indented(value))\n"
        }
        return text
    }

    private func describe(_ bundle: Bundle) throws -> String {
        let rows = try bundle.stages.keys.sorted(by: inOrderOfUse).map { name in
            let stage = try bundle.stage(name)
            let weights = try bundle.weights(name)
            return [
                name, stage.className, stage.type, readable(bytes: stage.bytes),
                "\(weights.tensors.count)", "\(parameters(of: weights))", types(of: weights),
            ]
        }
        let stages = table(
            header: ["stage", "class", "type", "size", "tensors", "parameters", "tensor types"],
            rows: rows, alignRight: [3, 4, 5])
        var text = "\(printable(bundle.name)), \(bundle.family)\n\(bundle.path)\n\n\(stages)\n"
        if let scheduler = bundle.scheduler?["_class_name"]?.string {
            text += "scheduler: \(printable(scheduler))\n"
        }
        if let tokenizer = bundle.tokenizerClass { text += "tokenizer: \(printable(tokenizer))\n" }
        let license = bundle.license?.split(whereSeparator: \.isNewline).first.map(String.init)
        return text + "licence: \(license.map(printable) ?? "none came with it")\n"
    }

    /// Reads everything that the bundle holds.
    private func check(_ bundle: Bundle) throws {
        for name in bundle.stages.keys.sorted(by: inOrderOfUse) {
            let weights = try bundle.weights(name)
            try weights.verify()
            for tensor in weights.tensors where !tensor.isFinite {
                throw WeightError.tensor(
                    path: weights.path, tensor: tensor.name, expected: "finite numbers",
                    found: "infinite or undefined ones")
            }
        }
        try StandardOutput.write("verified: all files are as they were written\n")
    }

    private func parameters(of weights: WeightFile) -> Int {
        weights.tensors.filter { !$0.name.hasSuffix(".weight_scale") }
            .reduce(0) { $0 + $1.shape.reduce(1, *) }
    }

    private func types(of weights: WeightFile) -> String {
        Dictionary(grouping: weights.tensors, by: \.type.rawValue).sorted { $0.key < $1.key }
            .map { "\($0.value.count) \($0.key)" }.joined(separator: ", ")
    }

    private func inOrderOfUse(_ left: String, _ right: String) -> Bool {
        let order = ["text_encoder", "unet", "vae", "upscaler"]
        func place(_ name: String) -> Int { order.firstIndex(of: name) ?? order.count }
        return (place(left), left) < (place(right), right)
    }
}

/// Text that came in a file, safe for a terminal, each line two columns in.
private func indented(_ text: String) -> String {
    text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        .map { "  " + oneLine(String($0)) }
        .joined(separator: "\n")
}

extension StoredTensor {
    /// Whether all floating-point elements are finite; integers are.
    fileprivate var isFinite: Bool {
        switch type {
        case .f32: bytes.bindMemory(to: Float.self).allSatisfy(\.isFinite)
        case .f16: bytes.bindMemory(to: UInt16.self).allSatisfy { $0 & 0x7C00 != 0x7C00 }
        case .f64: bytes.bindMemory(to: Double.self).allSatisfy(\.isFinite)
        case .bf16: bytes.bindMemory(to: UInt16.self).allSatisfy { $0 & 0x7F80 != 0x7F80 }
        case .i64, .i32, .i16, .i8, .u8, .bool: true
        }
    }
}

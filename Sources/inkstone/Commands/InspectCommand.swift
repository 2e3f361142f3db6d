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
              inkstone inspect emoji-zh --verify
              inkstone inspect emoji-zh --plan --size 256x256 --memory-limit 100M
              inkstone inspect panda.png

            --plan shows the memory that a picture takes, stage by stage: the weights that are read \
            and how much of them is in memory at once, the activations at their peak, and the \
            pictures themselves. Of an upscaler's bundle, --size is the picture's that is enlarged.
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
            "For --plan: width and height in pixels. (default: the model's own)", valueName: "WxH"))
    var size: PictureSize?

    @Option(
        help: ArgumentHelp(
            "For --plan: what enlarges the picture, a name or a bundle's folder.",
            valueName: "bundle"))
    var upscaler: String?

    @OptionGroup var memory: MemoryOptions

    @OptionGroup var machine: MachineOptions

    func validate() throws {
        guard plan || (size == nil && upscaler == nil && memory.memoryLimit == nil) else {
            throw ValidationError("--size, --upscaler and --memory-limit belong to --plan")
        }
    }

    func run() throws {
        if subject == "-" || (isRegularFile(subject) && !subject.hasSuffix(Bundle.fileName)) {
            guard !verify && !plan else {
                throw UsageError(
                    "--\(verify ? "verify" : "plan") is for bundles, and \(subject) is none")
            }
            try StandardOutput.write(try describePicture())
        } else {
            let suffix = "/" + Bundle.fileName
            let name = subject.hasSuffix(suffix) ? String(subject.dropLast(suffix.count)) : subject
            let bundle = try ModelLibrary().open(name)
            try StandardOutput.write(try describe(bundle))
            if verify { try check(bundle) }
            if plan {
                let report = MemoryReport(plan: try memoryPlan(of: bundle), limit: memory.bytes)
                try StandardOutput.write("\n" + report.text)
            }
        }
    }

    /// What a picture takes that is drawn with the bundle, or enlarged where it holds nothing to draw with.
    private func memoryPlan(of bundle: Bundle) throws -> MemoryPlan {
        let executor = try machine.executor()
        let library = ModelLibrary()
        guard bundle.stages["unet"] != nil else {
            let size = size ?? PictureSize(width: 512, height: 512)
            return try PictureUpscaler(bundle, on: executor)
                .plan(width: size.width, height: size.height, limit: memory.bytes).memory
        }
        let painter = TextToImage(try DiffusionBundle(bundle), on: executor)
        let request = GenerationRequest(
            prompt: "", guidance: try RequestDefaults(bundle).guidance, width: size?.width,
            height: size?.height, memoryLimit: memory.bytes)
        let enlarging = try upscaler.map { try PictureUpscaler(library.open($0), on: executor) }
        return try painter.plan(request, upscaler: enlarging).stages.memory
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

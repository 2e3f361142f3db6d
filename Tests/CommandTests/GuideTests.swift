import Foundation
import Testing
import WeightStore

/// Each command of the guide, on small checkpoints in the places of the published ones.
@Suite struct GuideTests {
    private static let documents = TinyModel.fixtures + "/../../docs/"
    /// Where there may be more cases than the repository holds.
    private static let fixtures =
        ProcessInfo.processInfo.environment["INKSTONE_FIXTURES"] ?? TinyModel.fixtures

    /// The fixtures by the names under which the guide has what they stand for.
    private static let standIns = [
        "pai-diffusion-artist-large-zh": "tiny-pai",
        "pai-diffusion-artist-large-zh-controlnet-canny": "controlnet",
        "pai-diffusion-artist-large-zh-lora-poem": "lora",
        "chinese-ldm-general": "pai-2022",
        "v1-5-pruned-emaonly.safetensors": "formats/tiny-sd1-ldm.safetensors",
        "stable-diffusion-2-1": "tiny-sd2",
        "Taiyi-Stable-Diffusion-1B-Chinese-v0.1": "tiny-taiyi",
        "RealESRGAN_x4plus.pth": "esrgan/esrgan-2018-names.pth",
        "mask.png": "inpaint-4ch/mask.png",
        "depth.png": "inpaint-4ch/image.png",
        "lcm-lora-sdv1-5/pytorch_lora_weights.safetensors": "lora/kohya.safetensors",
        "sd-v1-5-inpainting/unet": "inpaint-9ch/unet",
        "stable-diffusion-2-depth/unet": "depth-5ch/unet",
    ]

    private let scratch: Scratch
    private let files = FileManager.default

    init() throws {
        scratch = try Scratch()
    }

    @Test func commandsDoWhatTheGuideSays() throws {
        try setUp()
        var skipped = 0
        for command in try commands("guide.md") {
            guard command.inputs.allSatisfy({ files.fileExists(atPath: scratch.path($0)) }) else {
                skipped += 1
                continue
            }
            let run = try command.program.run(command.arguments, in: scratch)
            #expect(run.status == 0, "\(command.line)\n\(run.errors)")
            if let output = command.output {
                #expect(files.fileExists(atPath: scratch.path(output)), "\(command.line)")
            }
        }
        // Those whose checkpoints are too large for the repository.
        #expect(skipped <= (Self.fixtures == TinyModel.fixtures ? 12 : 0))
    }

    @Test func theTranslationHasTheSameCommands() throws {
        #expect(
            try commands("guide.md").map(\.line) == (try commands("guide.zh.md").map(\.line)))
    }

    private func setUp() throws {
        for (name, fixture) in Self.standIns {
            let path = ["\(Self.fixtures)/\(fixture)", "\(TinyModel.fixtures)/\(fixture)"]
                .first(where: files.fileExists)
            if let path { try link(path, as: name) }
        }
        for name in ["sd-v1-5-inpainting", "stable-diffusion-2-depth"]
        where files.fileExists(atPath: scratch.path(name)) {
            for part in ["model_index.json", "text_encoder", "vae", "tokenizer", "scheduler"] {
                try link("\(TinyModel.checkpoint)/\(part)", as: "\(name)/\(part)")
            }
        }
        try link("\(TinyModel.fixtures)/tiny-taesd", as: "taesd")
        // A word for the small Stable Diffusion 1, 32 channels wide.
        try files.createDirectory(
            atPath: scratch.path("cat-toy"), withIntermediateDirectories: true)
        try writeSafetensors(
            [
                SafetensorsTensor(
                    name: "<cat-toy>", shape: [1, 32], floats: Array(repeating: 0.1, count: 32))
            ], to: scratch.path("cat-toy/learned_embeds.safetensors"))
    }

    private func link(_ path: String, as name: String) throws {
        let target = scratch.url(name)
        try files.createDirectory(
            at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try files.createSymbolicLink(
            at: target, withDestinationURL: URL(fileURLWithPath: path).standardized)
    }

    /// A line of the guide that is set as code.
    private struct Command {
        let line: String
        let program: Program
        let arguments: [String]

        init(_ line: Substring) throws {
            self.line = String(line)
            // Only prompts are quoted.
            let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
            let words = parts.enumerated().flatMap { index, part in
                index % 2 == 1 ? [String(part)] : part.split(separator: " ").map(String.init)
            }
            program = try #require(Program(rawValue: words[0]))
            arguments = Array(words.dropFirst())
        }

        /// What must be there: a checkpoint, or a bundle that was made of one.
        var inputs: [String] {
            if program == .quantize { return [arguments[0]] }
            return arguments.filter { $0.hasPrefix("./") }.map {
                String($0.prefix { $0 != ":" && $0 != "=" })
            }
        }

        /// What is there afterwards.
        var output: String? {
            if program == .quantize { return arguments[1] }
            return arguments.firstIndex(of: "-o").map { arguments[$0 + 1] }
        }
    }

    private func commands(_ document: String) throws -> [Command] {
        try String(contentsOfFile: Self.documents + document, encoding: .utf8)
            .split(separator: "\n").filter { $0.hasPrefix("    ") }
            .map { try Command($0.drop { $0 == " " }) }
    }
}

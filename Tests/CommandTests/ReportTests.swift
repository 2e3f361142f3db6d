import Foundation
import Pictures
import Testing
import WeightStore

/// What the command tells: of bundles, of pictures, of speed and of itself.
@Suite struct ReportTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    @Test func inspectListsTheStagesOfABundle() throws {
        let run = try Program.inkstone.run(
            ["inspect", try TinyModel.bundle(), "--verify"], in: scratch)
        try #require(run.status == 0, "\(run.errors)")
        let words = ["text_encoder", "UNet2DConditionModel", "AutoencoderKL", "f32", "verified"]
        for word in words { #expect(run.text.contains(word)) }
        // The U-Net's parameters, as Python's safetensors counts those of the checkpoint.
        let checkpoint = try SafetensorsFile(
            path: TinyModel.checkpoint + "/unet/diffusion_pytorch_model.safetensors")
        let parameters = checkpoint.tensors.reduce(0) { $0 + $1.count }
        #expect(run.text.contains(" \(parameters) "))
    }

    @Test func inspectFindsNumbersThatAreNone() throws {
        let model = try TinyModel.copy(into: scratch)
        // A file that is as it was written, with an infinite number in it.
        var bytes = try scratch.bytes("model/vae.safetensors")
        let vae = try Bundle.open(model).weights("vae")
        let tensor = try #require(vae.tensors.last { $0.type == .f32 })
        bytes.replaceSubrange(
            tensor.range.lowerBound..<tensor.range.lowerBound + 4, with: [0, 0, 0x80, 0x7F])
        try scratch.write(bytes, to: "model/vae.safetensors")
        let digest = try SHA256.digest(ofFile: scratch.path("model/vae.safetensors"))
        let old = try Bundle.open(model).stage("vae").sha256
        let json = String(decoding: try scratch.bytes("model/bundle.json"), as: UTF8.self)
        try scratch.write(
            Array(json.replacingOccurrences(of: old, with: digest).utf8), to: "model/bundle.json")
        let run = try Program.inkstone.run(["inspect", model, "--verify"], in: scratch)
        #expect(run.status == 1)
        #expect(run.errors.contains(tensor.name) && run.errors.contains("infinite"))
    }

    @Test func inspectShowsAPicturesTextsWithoutTheirControlCharacters() throws {
        let picture = Picture(width: 2, height: 1, channels: 3, pixels: [1, 2, 3, 4, 5, 6])
        let texts = [("parameters", "熊猫\nSteps: 1"), ("Comment", "\u{1B}[31mred")]
        try scratch.write(try encodePNG(picture, texts: texts), to: "a.png")
        let run = try Program.inkstone.run(["inspect", "a.png"], in: scratch)
        #expect(run.status == 0)
        #expect(run.text.contains("2x1") && run.text.contains("  熊猫\n  Steps: 1\n"))
        #expect(!run.text.contains("\u{1B}"))
        let piped = try Program.inkstone.run(
            ["inspect", "-"], input: try scratch.bytes("a.png"), in: scratch)
        #expect(piped.text == run.text)
    }

    @Test func benchCountsAndMeasuresEachStage() throws {
        let run = try Program.inkstone.run(
            [
                "bench", "--model", try TinyModel.bundle(), "--size", "64x48", "--runs", "2",
                "--guided", "--steps", "3", "--json",
            ], in: scratch)
        try #require(run.status == 0, "\(run.errors)")
        let json = try JSONValue.parse(run.output, source: "bench")
        let stages = try #require(json["stages"]?.array)
        #expect(
            stages.compactMap { $0["stage"]?.string } == [
                "text", "unet", "unet guided", "decode", "picture",
            ])
        for stage in stages {
            let seconds = try #require(stage["seconds"]?.array)
            #expect(seconds.count == 2 && seconds.allSatisfy { ($0.double ?? 0) > 0 })
            #expect((stage["gflops"]?.double ?? 0) > 0)
            #expect((stage["peak_resident_bytes"]?.int ?? 0) > 1 << 20)
        }
        // Half of the flops that torch 2.13's FlopCounterMode counts for the same modules and shapes
        // in diffusers and transformers, with attention written out (AttnProcessor, eager).
        #expect(
            stages.compactMap { $0["multiply_adds"]?.int } == [
                1_376_256, 14_353_536, 2 * 14_353_536, 260_223_744,
                2 * 1_376_256 + 3 * 2 * 14_353_536 + 260_223_744,
            ])
    }

    @Test func benchRunsAStageForEachLine() throws {
        let run = try Program.inkstone.run(
            [
                "bench", "--model", try TinyModel.bundle(), "--size", "16x16", "--stages", "unet",
                "--on-request",
            ], input: Array("run\nrun\n".utf8), in: scratch)
        try #require(run.status == 0, "\(run.errors)")
        let lines = run.text.split(separator: "\n")
        #expect(lines.first == "ready" && lines.count == 3)
        #expect(lines.dropFirst().allSatisfy { (Double($0) ?? 0) > 0 })
    }

    @Test func benchRefusesStagesThatTheModelLacks() throws {
        let run = try Program.inkstone.run(
            ["bench", "--model", try TinyModel.bundle(), "--stages", "text,upscale"], in: scratch)
        #expect(run.status == 2 && run.errors.contains("upscale"))
    }

    @Test func benchPrintsATable() throws {
        let run = try Program.inkstone.run(
            ["bench", "--model", try TinyModel.bundle(), "--size", "16x16", "--runs", "1"],
            in: scratch)
        #expect(run.status == 0)
        for word in ["GFLOP/s", "decode", "1x4x2x2"] { #expect(run.text.contains(word)) }
    }

    @Test func versionAndHelpGoToStandardOutput() throws {
        let version = try Program.inkstone.run(["--version"], in: scratch)
        #expect(version.status == 0 && version.text.contains(/^\d+\.\d+\.\d+\n$/))
        for arguments in [[], ["--help"], ["generate", "--help"], ["stage", "unet", "--help"]] {
            let help = try Program.inkstone.run(arguments, in: scratch)
            #expect(help.status == 0 && help.text.contains("USAGE") && help.errors.isEmpty)
        }
    }

    @Test func modelsSaysWhereItLooked() throws {
        let run = try Program.inkstone.run(
            ["models"], environment: ["INKSTONE_MODELS": scratch.root], in: scratch)
        #expect(run.text.contains("emoji-zh") || run.errors.contains(scratch.root))
    }
}

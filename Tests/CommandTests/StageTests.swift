import Foundation
import Testing
import WeightStore

/// `inkstone stage`: each stage alone gives what diffusers and transformers gave, on every
/// instruction set.
@Suite struct StageTests {
    static let instructionSets = ["", "reference"]

    private let scratch: Scratch
    private let expected: SafetensorsFile

    init() throws {
        scratch = try Scratch()
        expected = try TinyModel.expected()
    }

    /// Runs a stage on tensors of the expectations, renamed, and gives its output.
    private func stage(
        _ name: String, _ inputs: [String: String], instructionSet: String = "",
        _ more: [SafetensorsTensor] = []
    ) throws -> SafetensorsFile {
        let tensors = try inputs.sorted { $0.key < $1.key }.map { name, source in
            let entry = try expected.requiredEntry(source)
            return SafetensorsTensor(
                name: name, type: entry.type, shape: entry.shape,
                bytes: Array(expected.bytes(entry)))
        }
        try writeSafetensors(tensors + more, to: scratch.path("in"))
        let run = try Program.inkstone.run(
            ["stage", name, "--model", try TinyModel.bundle(), "--in", "in", "--out", "out"],
            environment: instructionSet.isEmpty ? [:] : ["INKSTONE_ISA": instructionSet],
            in: scratch)
        try #require(run.status == 0, "\(run.errors)")
        return try SafetensorsFile(path: scratch.path("out"))
    }

    private func expectEqual(
        _ file: SafetensorsFile, _ name: String, _ wanted: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let shape = try expected.requiredEntry(wanted).shape
        #expect(try file.requiredEntry(name).shape == shape, sourceLocation: sourceLocation)
        let error = relativeError(try file.floats(name), try expected.floats(wanted))
        #expect(error < 1e-5, sourceLocation: sourceLocation)
    }

    @Test(arguments: [("prompt", "一只熊猫，水墨画"), ("negative", "模糊，低质量")])
    func tokenizeGivesTransformersIds(name: String, prompt: String) throws {
        let run = try Program.inkstone.run(
            [
                "stage", "tokenize", "--model", try TinyModel.bundle(), "--prompt", prompt,
                "--out", "out",
            ], in: scratch)
        try #require(run.status == 0, "\(run.errors)")
        let file = try SafetensorsFile(path: scratch.path("out"))
        let ids = try file.requiredEntry("ids")
        #expect(ids.type == .i32 && ids.shape == [1, 32])
        #expect(try file.integers("ids") == expected.integers("text.\(name).ids"))
    }

    @Test func tokenizeSaysWhereALongPromptIsCut() throws {
        let run = try Program.inkstone.run(
            [
                "stage", "tokenize", "--model", try TinyModel.bundle(), "--out", "out",
                "--prompt", String(repeating: "一", count: 30) + "熊猫",
            ], in: scratch)
        #expect(run.status == 0)
        #expect(run.errors.contains("warning") && run.errors.contains("\"熊猫\""))
    }

    @Test func noiseIsThatOfTorch() throws {
        let wanted = try SafetensorsFile(
            path: TinyModel.fixtures + "/samplers/torch_randn.safetensors")
        let run = try Program.inkstone.run(
            ["stage", "noise", "--seed", "42", "--shape", "1,4,8,8", "--out", "-"], in: scratch)
        try #require(run.status == 0, "\(run.errors)")
        try scratch.write(run.output, to: "noise")
        let file = try SafetensorsFile(path: scratch.path("noise"))
        #expect(try file.requiredEntry("noise").shape == [1, 4, 8, 8])
        #expect(try file.floats("noise") == wanted.floats("seed42.1x4x8x8"))
    }

    @Test(arguments: instructionSets) func textMatches(instructionSet: String) throws {
        let output = try stage(
            "text", ["ids": "text.prompt.ids"], instructionSet: instructionSet)
        try expectEqual(output, "hidden", "text.prompt.hidden")
    }

    @Test(arguments: instructionSets) func unetMatches(instructionSet: String) throws {
        for timestep in [1, 500, 981] {
            let time = SafetensorsTensor(
                name: "timestep", shape: [1], floats: [Float(timestep)])
            let output = try stage(
                "unet", ["sample": "unet.in", "context": "unet.context"],
                instructionSet: instructionSet, [time])
            try expectEqual(output, "sample", "unet.t\(timestep).out")
        }
    }

    @Test(arguments: instructionSets) func decodeAndEncodeMatch(instructionSet: String) throws {
        let decoded = try stage(
            "decode", ["latents": "vae.latents"], instructionSet: instructionSet)
        try expectEqual(decoded, "image", "vae.decoded")
        let encoded = try stage("encode", ["image": "vae.image"], instructionSet: instructionSet)
        try expectEqual(encoded, "mean", "vae.encoded.mean")
        try expectEqual(encoded, "logvar", "vae.encoded.logvar")
    }

    /// What is wrong with a stage's input: the stage, the tensors, a word of the message.
    static let wrongInputs: [(String, [SafetensorsTensor], String)] = [
        ("text", [], "ids"),
        ("text", [.init(name: "ids", shape: [2], integers: [0, 1])], "ids"),
        ("text", [.init(name: "ids", shape: [1, 1], integers: [-1])], "0..<"),
        (
            "text", [.init(name: "ids", shape: [1, 33], integers: .init(repeating: 0, count: 33))],
            "32"
        ),
        ("text", [.init(name: "ids", shape: [1, 1], floats: [0])], "I32"),
        ("decode", [.init(name: "latents", shape: [1, 3, 1, 1], floats: [0, 0, 0])], "[N, 4"),
        ("decode", [.init(name: "latents", shape: [1, 4, 0, 1], floats: [])], "from 1 on"),
        (
            "decode", [.init(name: "latents", shape: [1, 4, 1, 1], floats: [0, .nan, 0, 0])],
            "finite"
        ),
        (
            "encode",
            [.init(name: "image", shape: [1, 3, 1, 9], floats: .init(repeating: 0, count: 27))],
            "multiples"
        ),
        ("upscale", [.init(name: "image", shape: [1, 3, 1, 1], floats: [0, 0, 0])], "upscaler"),
    ]

    @Test(arguments: wrongInputs.indices) func wrongInputIsRefused(index: Int) throws {
        let (stage, tensors, word) = Self.wrongInputs[index]
        try writeSafetensors(tensors, to: scratch.path("in"))
        let run = try Program.inkstone.run(
            ["stage", stage, "--model", try TinyModel.bundle(), "--in", "in", "--out", "out"],
            in: scratch)
        #expect(run.status == 1)
        #expect(run.errors.hasPrefix("inkstone: error: ") && run.errors.contains(word))
        #expect(try scratch.names() == ["in"])
    }
}

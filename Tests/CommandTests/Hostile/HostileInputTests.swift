import Foundation
import Pictures
import TestSupport
import Testing
import WeightStore

/// Inputs that are too large, cut, or not what they seem: tensors for the stages, pictures, prompts,
/// tokenizer files, places to write to.
@Suite struct HostileInputTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    // MARK: Tensors

    /// A safetensors file of zeros that takes no room on the disk.
    private func writeSparse(_ tensors: [(name: String, type: DataType, shape: [Int])]) throws {
        var header = JSONObject()
        var end = 0
        for tensor in tensors {
            let size = tensor.shape.reduce(tensor.type.size, *)
            header[tensor.name] = [
                "dtype": .string(tensor.type.rawValue),
                "shape": .array(tensor.shape.map { .integer(Int64($0)) }),
                "data_offsets": [.integer(Int64(end)), .integer(Int64(end + size))],
            ]
            end += size
        }
        let text = header.serialized()
        let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
        try scratch.write(length + text, to: "in")
        let file = try FileHandle(forWritingTo: scratch.url("in"))
        try file.truncate(atOffset: UInt64(8 + text.count + end))
        try file.close()
    }

    /// Files that fit the addresses that the test allows, and work that does not by far.
    static let enormous: [(stage: String, tensors: [(String, DataType, [Int])])] = [
        ("text", [("ids", .i32, [1 << 28, 1])]),
        ("decode", [("latents", .f32, [1, 4, 8192, 8192])]),
        ("decode", [("latents", .f32, [1, 4, 1, 1 << 26])]),
        ("encode", [("image", .f32, [1 << 20, 3, 8, 8])]),
        (
            "unet",
            [
                ("sample", .f32, [1 << 22, 4, 1, 1]), ("timestep", .f32, [1]),
                ("context", .f32, [1 << 22, 1, 32]),
            ]
        ),
    ]

    @Test(arguments: enormous.indices) func inputBeyondTheMemoryIsRefusedUnread(index: Int) throws {
        let (stage, tensors) = Self.enormous[index]
        try writeSparse(tensors)
        // The limit is on addresses, in KiB: the input is mapped, and a Swift program takes some.
        let run = try shell(
            "ulimit -v 2000000; exec \"$0\" stage \"$@\" --in in --out out",
            [try Program.inkstone.path, stage, "--model", try TinyModel.bundle()], in: scratch)
        try run.expectRefusal(saying: "of memory", in: scratch, leaving: ["in"])
    }

    @Test(arguments: ["1000000000000", "9223372036854775807,2", "0", "-1", "1,,2", "", "x"])
    func shapesOfNoNoiseAreRefused(shape: String) throws {
        try Program.inkstone.run(
            ["stage", "noise", "--seed", "1", "--shape=\(shape)", "--out", "out"], in: scratch
        ).expectRefusal(status: 2, saying: "shape", in: scratch, leaving: [])
    }

    // MARK: Pictures

    private func upscaler() throws -> String {
        let path = TinyModel.fixtures + "/esrgan/srvgg-compact.pth"
        let run = try Program.quantize.run([path, "upscaler", "--type", "int8"], in: scratch)
        try #require(run.status == 0, "\(run.errors)")
        return "upscaler"
    }

    @Test func damagedPicturesAreRefusedOrEnlarged() throws {
        let model = try upscaler()
        let pixels = (0..<30 * 20 * 4).map { UInt8(truncatingIfNeeded: $0 * 37) }
        let whole = try encodePNG(
            Picture(width: 30, height: 20, channels: 4, pixels: pixels),
            texts: [("parameters", "熊猫"), ("Comment", "x")])
        var random = SeededGenerator(seed: 5)
        for index in trials(20) {
            var bytes = whole
            let place = Int.random(in: 0..<whole.count, using: &random)
            if index.isMultiple(of: 2) {
                bytes.removeSubrange(place...)
            } else {
                bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
            try scratch.write(bytes, to: "a.png")
            let run = try Program.inkstone.run(
                ["upscale", "--model", model, "a.png", "b.png"], in: scratch)
            guard run.status != 0 else {
                try FileManager.default.removeItem(atPath: scratch.path("b.png"))
                continue
            }
            try run.expectRefusal(
                saying: "a.png", in: scratch, leaving: ["a.png", model], "byte \(place)")
        }
    }

    /// A few bytes that claim to be a picture of these sides.
    @Test(arguments: [
        (0, 0), (1, 0), (0x7FFF_FFFF, 0x7FFF_FFFF), (32768, 32768), (32769, 1), (8193, 1),
        (1, 8193),
    ])
    func picturesOfImpossibleSizesAreRefused(width: Int, height: Int) throws {
        let model = try upscaler()
        let real = max(width, height) == 8193
        let picture = Picture(
            width: real ? width : 1, height: real ? height : 1, channels: 3,
            pixels: .init(repeating: 7, count: real ? 3 * 8193 : 3))
        var bytes = try encodePNG(picture)
        if !real {
            for (index, side) in [width, height].enumerated() {
                for byte in 0..<4 {
                    bytes[16 + 4 * index + byte] = UInt8(
                        truncatingIfNeeded: side >> (24 - 8 * byte))
                }
            }
            let crc = crc32(bytes[12..<29])
            for byte in 0..<4 {
                bytes[29 + byte] = UInt8(truncatingIfNeeded: crc >> (24 - 8 * byte))
            }
        }
        try scratch.write(bytes, to: "a.png")
        try Program.inkstone.run(["upscale", "--model", model, "a.png", "b.png"], in: scratch)
            .expectRefusal(
                status: real ? 2 : 1, saying: real ? "sides of 1...8192" : "a.png", in: scratch,
                leaving: ["a.png", model])
    }

    @Test(arguments: [
        "0x0", "0x64", "8193x8", "99999x99999", "9223372036854775807x2", "-8x8", "64x", "x",
    ])
    func impossibleSizesOfABenchmarkAreRefused(size: String) throws {
        let model = try upscaler()
        try Program.inkstone.run(["bench", "--model", model, "--size=\(size)"], in: scratch)
            .expectRefusal(status: 2, in: scratch, leaving: [model])
        try Program.inkstone.run(
            ["bench", "--model", try TinyModel.bundle(), "--size=\(size)"], in: scratch
        ).expectRefusal(status: 2, in: scratch, leaving: [model])
    }

    // MARK: Tokenizers and prompts

    @Test func damagedTokenizerFilesAreRefusedOrHarmless() throws {
        let folder = try TinyModel.bundle() + "/tokenizer"
        var random = SeededGenerator(seed: 6)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
            let whole = Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")))
            let texts: [[UInt8]] =
                [
                    [], [0xFF], Array("[PAD]\n".utf8),
                    Array(repeating: UInt8(ascii: "["), count: 9999),
                ]
                + trials(4).map { _ in
                    var bytes = whole
                    bytes[Int.random(in: 0..<whole.count, using: &random)] ^= 1
                    return bytes
                }
            for bytes in texts {
                let model = try modelWithOwnTokenizer()
                try model.write(bytes, to: "tokenizer/\(name)")
                try model.draw().expectPictureOrRefusal(in: scratch, "\(name): \(bytes.prefix(40))")
            }
        }
    }

    @Test(arguments: [0, 1, 2, -1, 0.5, 1e300, "x", []] as [JSONValue])
    func lengthsOfNoPromptAreRefusedOrCut(length: JSONValue) throws {
        let model = try modelWithOwnTokenizer()
        let path = "tokenizer/tokenizer_config.json"
        var settings = try JSONObject.load(scratch.path("model/\(path)"))
        settings["model_max_length"] = length
        try model.write(settings.serialized(), to: path)
        let run = try model.draw()
        guard run.status != 0 else { return #expect(length == 1e300) }
        try run.expectRefusal(saying: "model_max_length", in: scratch)
    }

    @Test func wordsBeyondTheTextEncoderAreRefused() throws {
        let model = try modelWithOwnTokenizer()
        let vocabulary = try scratch.bytes("model/tokenizer/vocab.txt")
        try model.write(vocabulary + Array("onewordmore\n".utf8), to: "tokenizer/vocab.txt")
        let run = try Program.inkstone.run(
            ["generate", "onewordmore", "--model", "model", "-o", "a.png"], in: scratch)
        try run.expectRefusal(saying: "tokenizer", "21128", in: scratch)
    }

    private func modelWithOwnTokenizer() throws -> DamagedModel {
        let model = try DamagedModel(in: scratch)
        let folder = scratch.path("model/tokenizer")
        try FileManager.default.removeItem(atPath: folder)
        try FileManager.default.copyItem(
            atPath: try TinyModel.bundle() + "/tokenizer", toPath: folder)
        return model
    }

    @Test func strangePromptsAreDrawnOrRefused() throws {
        let prompts: [[UInt8]] =
            [
                "", " \n", "\0", "\u{202E}\u{200B}", "\u{1B}[2J", "[CLS][SEP][PAD]",
                String(repeating: "e\u{301}", count: 5000),
                String(repeating: "\u{301}", count: 9999),
                String(repeating: "熊", count: 20_000), "\u{10FFFF}", "\u{FEFF}",
            ].map { Array($0.utf8) } + [[0xC3], [0xED, 0xA0, 0x80], [0xF8, 0x88]]
        for prompt in prompts {
            let run = try Program.inkstone.run(
                [
                    "generate", "-", "--model", try TinyModel.bundle(), "--steps", "1", "--size",
                    "16x16", "-q", "-o", "a.png",
                ], input: prompt, in: scratch)
            if String(validating: prompt, as: UTF8.self) == nil {
                try run.expectRefusal(status: 2, saying: "UTF-8", in: scratch, leaving: [])
            } else {
                #expect(run.status == 0, "\(prompt.prefix(40)): \(run.errors)")
                #expect(!run.errors.contains("\u{1B}") && !run.errors.contains("\u{202E}"))
                try FileManager.default.removeItem(atPath: scratch.path("a.png"))
            }
        }
    }

    @Test func argumentsThatAreNotUTF8AreRefused() throws {
        try shell(
            "exec \"$0\" generate \"$(printf 'a\\377')\" -o a.png --model \"$1\"",
            [try Program.inkstone.path, try TinyModel.bundle()], in: scratch
        ).expectRefusal(status: 2, saying: "argument 2", "UTF-8", in: scratch, leaving: [])
    }
}

/// PNG's checksum, bit by bit.
private func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(UInt32.max) { crc, byte in
        (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in
            crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1
        }
    }
}

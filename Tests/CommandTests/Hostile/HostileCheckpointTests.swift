import Foundation
import TestSupport
import Testing
import WeightStore

/// `inkstone-quantize` on checkpoints that lie, and on disks that are full: one message, no crash, no
/// bundle and no folder of a half-written one.
@Suite struct HostileCheckpointTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    private func expectRefusal(
        _ input: String, saying words: String..., leaving names: [String], _ comment: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let run = try Program.quantize.run([input, "out", "--type", "int8"], in: scratch)
        let comment = Comment(rawValue: "\(comment): status \(run.status), \(run.errors)")
        #expect(run.status == 1, comment, sourceLocation: sourceLocation)
        // Progress may stand before the message.
        let message = run.errors.split(separator: "\n").last ?? ""
        #expect(
            message.hasPrefix("inkstone-quantize: "), comment, sourceLocation: sourceLocation)
        for word in words {
            #expect(message.contains(word), comment, sourceLocation: sourceLocation)
        }
        #expect(try scratch.names() == names.sorted(), comment, sourceLocation: sourceLocation)
    }

    @Test(arguments: ["basicsr.pth", "trunk-legacy.pth", "compact.pth", "rrdb.safetensors"])
    func damagedFilesAreRefusedOrConverted(name: String) throws {
        let path = TinyModel.fixtures + "/quantizer/" + name
        let whole = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        var random = SeededGenerator(seed: 7)
        for index in trials(15) {
            // A zip's directory stands at the end, the pickle and other headers at the beginning.
            let place =
                index.isMultiple(of: 3)
                ? Int.random(in: max(0, whole.count - 2000)..<whole.count, using: &random)
                : Int.random(in: 0..<min(whole.count, 4000), using: &random)
            var bytes = whole
            if index % 3 == 1 {
                bytes.removeSubrange(place...)
            } else {
                bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
            try scratch.write(bytes, to: "a.bin")
            let run = try Program.quantize.run(["a.bin", "out", "--type", "int8"], in: scratch)
            #expect([0, 1].contains(run.status), "\(name), byte \(place): \(run.errors)")
            #expect(try scratch.names() == (run.status == 0 ? ["a.bin", "out"] : ["a.bin"]))
            try? FileManager.default.removeItem(atPath: scratch.path("out"))
        }
    }

    /// Pickles in torch's old container, where nothing else has to be right to reach them.
    @Test(
        arguments: [
            ("cos\nsystem\n(X\u{3}\0\0\0abctR.", "\"os.system\""),
            ("cposix\nsystem\n)R.", "\"posix.system\""),
            ("cbuiltins\neval\n)R.", "\"builtins.eval\""), ("ctorch\nload\n)R.", "\"torch.load\""),
            ("Vtext\n.", "opcode 0x56"), ("I1\n.", "opcode 0x49"), ("i", "opcode 0x69"),
            ("}X\u{FF}", "ends inside"), ("].", "STOP"), ("", "STOP"), ("(((", "STOP"),
            ("R.", "empty stack"), ("h\u{7}.", "not set"), ("}}s.", "not a dictionary"),
        ])
    func picklesThatDoMoreThanHoldDataAreRefused(pickle: String, word: String) throws {
        let unit = Array("\u{80}\u{2}".unicodeScalars.map { UInt8($0.value) })
        let magic: [UInt8] = [
            0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
        ]
        let version = Array("M\u{E9}\u{3}.".unicodeScalars.map { UInt8($0.value) })
        let system = unit + Array("}X\u{D}\0\0\0little_endian".utf8) + [0x88, 0x73, 0x2E]
        let root = unit + pickle.unicodeScalars.map { UInt8($0.value) }
        try scratch.write(unit + magic + unit + version + system + root, to: "a.pth")
        try expectRefusal("a.pth", saying: "a.pth", word, leaving: ["a.pth"])
    }

    /// Lists of lists of lists, each naming the one before ten times.
    @Test func billionLaughsAreRefused() throws {
        var pickle = "]q\u{0}"
        for level in 0..<60 {
            let recall = "h\(Unicode.Scalar(UInt8(level)))"
            pickle += "](" + String(repeating: recall, count: 10)
            pickle += "eq\(Unicode.Scalar(UInt8(level + 1)))"
        }
        try picklesThatDoMoreThanHoldDataAreRefused(pickle: pickle + ".", word: "unfold")
    }

    /// Configurations whose sizes multiply to more tensors than memory holds, or trap as products.
    @Test(
        arguments: [
            ("unet", "block_out_channels", [1_048_576, 1_048_576, 1_048_576, 1_048_576]),
            ("unet", "layers_per_block", 256), ("unet", "transformer_layers_per_block", 256),
            ("unet", "cross_attention_dim", .integer(.max)), ("vae", "layers_per_block", 256),
            ("vae", "block_out_channels", .array(.init(repeating: 1_048_576, count: 4))),
            ("text_encoder", "num_hidden_layers", 1_000_000_000),
            ("text_encoder", "hidden_size", .integer(.max)), ("text_encoder", "vocab_size", 0),
        ] as [(String, String, JSONValue)])
    func configurationsBeyondAllMeasureAreRefused(
        stage: String, key: String, value: JSONValue
    ) throws {
        let files = FileManager.default
        try files.copyItem(atPath: TinyModel.checkpoint, toPath: scratch.path("model"))
        let path = "model/\(stage)/config.json"
        var configuration = try JSONObject.load(scratch.path(path))
        configuration[key] = value
        if stage == "unet", key != "block_out_channels" {
            let crossed = [JSONValue](repeating: "CrossAttnDownBlock2D", count: 16)
            configuration["block_out_channels"] = .array(.init(repeating: 64, count: 16))
            configuration["down_block_types"] = .array(crossed)
            configuration["up_block_types"] = .array(
                .init(repeating: "CrossAttnUpBlock2D", count: 16))
            configuration["layers_per_block"] = key == "layers_per_block" ? value : 16
        }
        try scratch.write(configuration.serialized(), to: path)
        let start = ContinuousClock.now
        try expectRefusal("model", saying: "model/\(stage)", leaving: ["model"], key)
        #expect(ContinuousClock.now - start < .seconds(20))
    }

    /// A disk of its own, where the system lets an ordinary user mount one.
    @Test func fullDiskLeavesNoBundleAndNoPicture() throws {
        let mount = "mkdir disk && mount -t tmpfs -o size=64k none disk"
        let probe = try shell("unshare -rm sh -c '\(mount)'", [], in: scratch)
        guard probe.status == 0 else { return }
        try FileManager.default.removeItem(atPath: scratch.path("disk"))
        let script = """
            unshare -rm sh -c '\(mount) && cd disk || exit 99
            "$0" "$2" out --type int8 2>&1 | tail -n 1; ls -A
            "$1" generate a --model "$3" --steps 1 --size 256x256 -q -o a.png 2>&1; ls -A
            "$1" stage noise --seed 1 --shape 1,4,128,128 --out noise 2>&1; ls -A
            ' "$0" "$1" "$2" "$3"
            """
        let run = try shell(
            script,
            [
                try Program.quantize.path, try Program.inkstone.path, TinyModel.checkpoint,
                try TinyModel.bundle(),
            ], in: scratch)
        let lines = run.text.split(separator: "\n")
        #expect(lines.count == 3, "\(run.text) \(run.errors)")
        #expect(lines.allSatisfy { $0.contains("No space left on device") }, "\(run.text)")
    }

    /// As a user who may not write there, since the administrator may everywhere.
    @Test func readOnlyFoldersAreTold() throws {
        let bundle = try TinyModel.bundle()
        try FileManager.default.createDirectory(
            atPath: scratch.path("locked"), withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o555])
        let drop = getuid() == 0 ? "setpriv --reuid 65534 --regid 65534 --clear-groups" : ""
        let draw = "generate a --steps 1 --size 16x16 -q"
        let run = try shell(
            """
            \(drop) "$0" "$2" locked/out --type int8
            \(drop) "$1" \(draw) --model "$3" -o locked/a.png
            \(drop) "$1" stage noise --seed 1 --shape 1 --out locked/noise
            ls -A locked
            """,
            [
                try Program.quantize.path, try Program.inkstone.path, TinyModel.checkpoint, bundle,
            ], in: scratch)
        let lines = run.errors.split(separator: "\n")
        #expect(lines.count == 3 && run.output.isEmpty, "\(run.text) \(run.errors)")
        #expect(lines.allSatisfy { $0.contains("Permission denied") && $0.contains("locked/") })
    }
}

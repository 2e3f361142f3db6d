import Foundation
import Testing
import WeightStore

/// What the command does with requests, files and outputs that are no good: it says so, gives the
/// right status and leaves no file.
@Suite struct FailureTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    private func expectFailure(
        _ run: Run, status: Int32, saying word: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(run.status == status, "\(run.errors)", sourceLocation: sourceLocation)
        #expect(
            run.errors.hasPrefix("inkstone: error: ") && run.errors.contains(word),
            "\(run.errors)", sourceLocation: sourceLocation)
        #expect(run.output.isEmpty, sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        (["--steps", "0"], "steps"), (["--steps", "10001"], "steps"), (["--steps", "x"], "steps"),
        (["--steps", "-1"], "steps"), (["--guidance", "nan"], "guidance"),
        (["--guidance", "101"], "guidance"), (["--size", "65x64"], "width"),
        (["--size", "64x65"], "height"), (["--size", "0x0"], "width"),
        (["--size", "99999x64"], "width"), (["--size", "64"], "size"),
        (["--size", "99999999999999999999x8"], "size"), (["--sampler", "magic"], "dpm++2m"),
        (["--count", "0"], "count"), (["--count", "2", "-o", "-"], "count"),
        (["--seed", "-2"], "seed"), (["--threads", "0"], "threads"), (["--nonsense"], "nonsense"),
    ])
    func senselessRequestIsAUsageError(arguments: [String], word: String) throws {
        let run = try Program.inkstone.run(
            ["generate", "a", "--model", try TinyModel.bundle()] + arguments,
            in: scratch)
        expectFailure(run, status: 2, saying: word)
        #expect(try scratch.names() == [])
    }

    @Test func promptsBeyondAllMeasureAreUsageErrors() throws {
        for prompt in ["x", "熊"].map({ String(repeating: $0, count: 100_000) }) {
            let run = try Program.inkstone.run(
                ["generate", "-", "--model", try TinyModel.bundle()], input: Array(prompt.utf8),
                in: scratch)
            expectFailure(run, status: 2, saying: "prompt")
        }
        let broken = try Program.inkstone.run(
            ["generate", "-", "--model", try TinyModel.bundle()], input: [0xFF, 0xFE], in: scratch)
        expectFailure(broken, status: 2, saying: "UTF-8")
    }

    @Test func unknownInstructionSetIsAUsageError() throws {
        let run = try Program.inkstone.run(
            ["generate", "a", "--model", try TinyModel.bundle()],
            environment: ["INKSTONE_ISA": "mmx"], in: scratch)
        expectFailure(run, status: 2, saying: "reference")
    }

    @Test(arguments: ["nonsuch", "/nowhere/at/all", "./here", ""])
    func missingModelIsNamed(name: String) throws {
        let run = try Program.inkstone.run(["generate", "a", "--model", name], in: scratch)
        expectFailure(run, status: 1, saying: name.isEmpty ? "no model" : name)
    }

    @Test(arguments: [("missing/a.png", "missing"), ("/proc/a.png", "/proc"), (".", "folder")])
    func outputThatCannotBeIsToldBeforeDrawing(path: String, word: String) throws {
        let run = try Program.inkstone.run(
            [
                "generate", "a", "--model", try TinyModel.bundle(), "--steps", "900", "--size",
                "1024x1024", "-o", path,
            ], in: scratch)
        expectFailure(run, status: 1, saying: word)
        #expect(try scratch.names() == [])
    }

    @Test func fullDiskIsTold() throws {
        let request = [
            "generate", "a", "--model", try TinyModel.bundle(), "--steps", "1", "--size", "32x32",
            "-q",
        ]
        let full = "No space left on device"
        let output = try Program.inkstone.run(
            request + ["-o", "-"], in: scratch, outputPath: "/dev/full")
        expectFailure(output, status: 1, saying: full)
        let file = try Program.inkstone.run(request + ["-o", "/dev/full"], in: scratch)
        expectFailure(file, status: 1, saying: full)
        let help = try Program.inkstone.run(["--help"], in: scratch, outputPath: "/dev/full")
        expectFailure(help, status: 1, saying: full)
    }

    @Test func requestsBeyondTheMemoryAreToldBeforeDrawing() throws {
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        // The limit is on addresses, of which a Swift program takes some hundred MiB at its start.
        shell.arguments = [
            "-c", "ulimit -v 400000; \"$0\" \"$@\"", try Program.inkstone.path, "generate", "a",
            "--model", try TinyModel.bundle(), "--size", "4096x4096", "-o", "a.png",
        ]
        shell.currentDirectoryURL = scratch.url("")
        let errors = Pipe()
        shell.standardError = errors
        try shell.run()
        let bytes = errors.fileHandleForReading.readDataToEndOfFile()
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 1)
        #expect(String(decoding: bytes, as: UTF8.self).contains("memory"))
        #expect(try scratch.names() == [])
    }

    @Test func readerThatWentAwayEndsTheCommandQuietly() throws {
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        let inkstone = try Program.inkstone.path
        // The reader closes its end and only then lets the command begin.
        let script =
            "{ read go <&3; '\(inkstone)' --help; echo $? >&2; } | { exec <&-; echo go >&4; }"
        shell.arguments = ["-c", "mkfifo fifo; exec 3<>fifo 4<>fifo; " + script]
        shell.currentDirectoryURL = scratch.url("")
        let errors = Pipe()
        shell.standardError = errors
        try shell.run()
        shell.waitUntilExit()
        let text = String(
            decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(text == "141\n")
    }

    @Test func damagedWeightFilesAreTold() throws {
        let model = try TinyModel.copy(into: scratch)
        let request = [
            "generate", "a", "--model", model, "--steps", "1", "--size", "32x32", "-o", "a.png",
            "-q",
        ]
        let whole = try scratch.bytes("model/unet.safetensors")
        try scratch.write(Array(whole.dropLast(64)), to: "model/unet.safetensors")
        expectFailure(
            try Program.inkstone.run(request, in: scratch), status: 1, saying: "unet.safetensors")
        try scratch.write([], to: "model/unet.safetensors")
        expectFailure(
            try Program.inkstone.run(request, in: scratch), status: 1, saying: "unet.safetensors")
        // All weights become infinite or undefined: the exponent's bits are set everywhere.
        let header = 8 + Int(whole[0]) + Int(whole[1]) << 8 + Int(whole[2]) << 16
        let broken = whole.prefix(header) + whole.dropFirst(header).map { $0 | 0x7F }
        try scratch.write(Array(broken), to: "model/unet.safetensors")
        expectFailure(
            try Program.inkstone.run(request, in: scratch), status: 1, saying: "U-Net")
        let verified = try Program.inkstone.run(["inspect", model, "--verify"], in: scratch)
        #expect(verified.status == 1 && verified.errors.contains("damaged"))
        #expect(try scratch.names() == ["model"])
    }

    @Test(arguments: ["", "{", "[]", "{\"format\": \"inkstone-bundle\", \"version\": 2}"])
    func damagedBundleIsTold(json: String) throws {
        let model = try TinyModel.copy(into: scratch)
        try scratch.write(Array(json.utf8), to: "model/bundle.json")
        let run = try Program.inkstone.run(["inspect", model], in: scratch)
        expectFailure(run, status: 1, saying: "bundle.json")
    }

    @Test func damagedSchedulerIsAFailureAndNoUsageError() throws {
        let model = try TinyModel.copy(into: scratch)
        let json = String(decoding: try scratch.bytes("model/bundle.json"), as: UTF8.self)
        let damaged = json.replacing(
            /"num_train_timesteps": \d+/, with: "\"num_train_timesteps\": \"x\"")
        #expect(damaged != json)
        try scratch.write(Array(damaged.utf8), to: "model/bundle.json")
        let run = try Program.inkstone.run(["generate", "a", "--model", model], in: scratch)
        expectFailure(run, status: 1, saying: "num_train_timesteps")
    }

    @Test func picturesThatAreNoneAreTold() throws {
        try scratch.write([], to: "empty.png")
        try scratch.write(Array("hello".utf8), to: "text.png")
        for name in ["empty.png", "text.png"] {
            let run = try Program.inkstone.run(["inspect", name], in: scratch)
            expectFailure(run, status: 1, saying: name)
        }
        let missing = try Program.inkstone.run(["inspect", "missing.png"], in: scratch)
        expectFailure(missing, status: 1, saying: "missing.png")
    }
}

import Foundation
import Pictures
import Testing

/// `--memory-limit` and `inspect --plan`.
@Suite struct MemoryTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    private func generate(_ arguments: [String]) throws -> Run {
        try Program.inkstone.run(
            [
                "generate", "a", "--model", try TinyModel.bundle(), "--steps", "2", "--size",
                "64x64", "--seed", "7",
            ] + arguments, in: scratch)
    }

    @Test func refusalNamesALimitThatDrawsTheSamePicture() throws {
        let refused = try generate(["--memory-limit", "1M", "-o", "a.png"])
        #expect(refused.status == 1)
        #expect(try scratch.names() == [])
        let limit = try #require(refused.errors.firstMatch(of: /would do is (\d+M)/)).1
        let limited = try generate(["--memory-limit", String(limit), "-o", "limited.png"])
        #expect(limited.status == 0, "\(limited.errors)")
        #expect(try generate(["-o", "free.png"]).status == 0)
        #expect(try scratch.bytes("limited.png") == scratch.bytes("free.png"))
    }

    @Test func decodingUnderALimitGivesTheSameBytes() throws {
        let noise = [
            "stage", "noise", "--seed", "3", "--shape", "2,4,24,20", "--name", "latents", "--out",
            "latents",
        ]
        #expect(try Program.inkstone.run(noise, in: scratch).status == 0)
        func decode(_ out: String, _ options: String...) throws -> Run {
            let model = try TinyModel.bundle()
            return try Program.inkstone.run(
                ["stage", "decode", "--model", model, "--in", "latents", "--out", out] + options,
                in: scratch)
        }
        let refused = try decode("a", "--memory-limit", "1M")
        #expect(refused.status == 1 && refused.errors.contains("decoding latents"))
        let limit = try #require(refused.errors.firstMatch(of: /would do is (\d+M)/)).1
        let limited = try decode("limited", "--memory-limit", String(limit))
        #expect(limited.status == 0, "\(limited.errors)")
        #expect(try decode("free").status == 0)
        #expect(try scratch.bytes("limited") == scratch.bytes("free"))
        #expect(try scratch.names() == ["free", "latents", "limited"])
    }

    @Test(arguments: ["0", "-1", "x", "1T", "12MB", "M", "99999999999999999999", "9999999999G", ""])
    func senselessLimitIsAUsageError(limit: String) throws {
        let run = try generate(["--memory-limit=\(limit)", "-o", "a.png"])
        #expect(run.status == 2 && run.errors.contains("memory-limit"))
        #expect(try scratch.names() == [])
    }

    @Test(arguments: ["1g", "1G", "1048576K", "1024M", "1073741824"])
    func limitsHaveUnits(limit: String) throws {
        let run = try Program.inkstone.run(
            [
                "inspect", try TinyModel.bundle(), "--plan", "--size", "64x64", "--memory-limit",
                limit,
            ], in: scratch)
        #expect(run.status == 0 && run.text.contains(" of 1.00 GiB"), "\(run.errors)")
    }

    @Test func planListsTheStagesAndRunsNothing() throws {
        let fixture = TinyModel.fixtures + "/esrgan/basicsr-params-ema.pth"
        let made = try Program.quantize.run(
            [fixture, scratch.path("esrgan"), "--type", "int8"], in: scratch)
        try #require(made.status == 0, "\(made.errors)")
        let run = try Program.inkstone.run(
            [
                "inspect", try TinyModel.bundle(), "--plan", "--size", "32x32", "--upscaler",
                scratch.path("esrgan"),
            ], in: scratch)
        try #require(run.status == 0, "\(run.errors)")
        for word in ["text", "denoise", "decode", "upscale", "peak: "] {
            #expect(run.text.contains("\n" + word), "\(word)")
        }
        let senseless = try Program.inkstone.run(
            ["inspect", try TinyModel.bundle(), "--size", "32x32"], in: scratch)
        #expect(senseless.status == 2 && senseless.errors.contains("--plan"))
        #expect(try scratch.names() == ["esrgan"])
    }

    /// Of a board the time too, which takes none; options that plan nothing are refused.
    @Test func boardsAreComputed() throws {
        let model = try TinyModel.bundle()
        let run = try Program.inkstone.run(
            ["inspect", model, "--board", "pi4", "--size", "64x64", "--steps", "3"], in: scratch)
        try #require(run.status == 0, "\(run.errors)")
        for word in ["Cortex-A72", "\ndenoise     3", "(computed)", "of memory (exact)"] {
            #expect(run.text.contains(word), "\(word)")
        }
        for arguments in [
            ["--board", "pi9"], ["--board", "pi4", "--threads", "2"], ["--steps", "3"],
            ["--board", "pi4", "--plan"],
        ] {
            let run = try Program.inkstone.run(["inspect", model] + arguments, in: scratch)
            #expect(run.status == 2 && run.errors.contains("--"), "\(arguments)")
        }
        let small = try Program.inkstone.run(
            ["inspect", model, "--board", "pi4", "--memory-limit", "1M"], in: scratch)
        #expect(small.status == 1 && small.errors.contains("smallest limit"), "\(small.errors)")
    }
}

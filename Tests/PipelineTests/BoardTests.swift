import Models
import Quantizer
import Tensors
import TestSupport
import Testing
import WeightStore

@testable import Pipeline

/// What a rehearsal counts, and what boards make of it.
@Suite struct BoardTests {
    private let model: DiffusionBundle

    init() throws {
        model = try DiffusionBundle(path: TestBundle.path(EmojiTests.checkpoint, type: .int8))
    }

    private func stages(
        on executor: Executor, guidance: Double = 5, limit: Int? = nil
    ) throws -> StagePlans {
        let request = GenerationRequest(
            prompt: "熊猫", steps: 10, guidance: guidance, width: 96, height: 64,
            memoryLimit: limit)
        return try TextToImage(model, on: executor).plan(request).stages
    }

    /// Counted by the layers as they run, and from the weights' names and shapes.
    @Test(arguments: [ActivationPrecision.q8, .q16], [WinogradUse.never, .fromTiles(16), .always])
    func rehearsalsCountWhatNamesSay(activation: ActivationPrecision, winograd: WinogradUse) throws
    {
        let executor = Executor(threads: 2, activation: activation, winograd: winograd)
        let stages = try stages(on: executor)
        func counted(_ stage: Progress.Stage) -> Int {
            stages[stage].needs.work.multiplyAdds.values.reduce(0, +)
        }
        func named(_ name: String) throws -> MultiplyAdds {
            MultiplyAdds(try model.bundle.weights(name))
        }
        let shape = model.latentShape(width: 96, height: 64)
        let tokens = try model.textEncoder().promptLength
        #expect(counted(.text) == 2 * (try named("text_encoder")).textEncoder(tokens: tokens))
        #expect(
            counted(.denoise)
                == 2
                * (try named("unet")).unet(
                    height: shape.height, width: shape.width, tokens: tokens))
        #expect(
            counted(.decode)
                == (try named("vae")).decoder(height: shape.height, width: shape.width))
        let kinds = stages[.decode].needs.work.multiplyAdds
        #expect((kinds[.winograd] ?? 0 > 0) == (winograd != .never))
        #expect((kinds[.doubled] ?? 0 > 0) == (winograd != .always))
    }

    @Test func upscalersAreCounted() throws {
        let bundle = try Bundle.open(
            TestBundle.path("\(TestBundle.fixtures)/esrgan/basicsr-params-ema.pth", type: .int8))
        let stages = try PictureUpscaler(bundle, on: Executor(threads: 2))
            .plan(width: 24, height: 16, limit: nil)
        let named = MultiplyAdds(try bundle.weights("upscaler")).upscaler(height: 16, width: 24)
        #expect(stages[.upscale].needs.work.multiplyAdds.values.reduce(0, +) == named)
    }

    @Test func timeIsThatOfTheCyclesOrOfTheCard() throws {
        let slow = try #require(Board.named("PiZero2"))
        let fast = try #require(Board.named("pi5"))
        let plenty = try stages(on: slow.executor).estimate(on: slow, evaluations: 10)
        let quick = try stages(on: fast.executor).estimate(on: fast, evaluations: 10)
        #expect(plenty.seconds > 3 * quick.seconds)
        for (stage, once) in zip(
            plenty.stages, try stages(on: slow.executor).estimate(on: slow).stages)
        {
            let runs = stage.stage == .denoise ? 10 : 1
            #expect(stage.runs == runs)
            #expect(stage.multiplyAdds == runs * once.multiplyAdds)
            // What stays in memory is read once.
            #expect(stage.readBytes == once.readBytes)
            #expect(stage.seconds == max(stage.computeSeconds, stage.readSeconds))
        }
        let whole = try stages(on: slow.executor).memory.peakBytes
        let short = try stages(on: slow.executor, limit: whole - (4 << 20))
        let streamed = short.estimate(on: slow, evaluations: 10).stages
        #expect(
            zip(streamed, plenty.stages).contains {
                $0.stage == .denoise && $0.readBytes > $1.readBytes
            })
    }

    /// `make mca` writes the table that the cores' rates are taken from.
    @Test(arguments: [
        (core: "A53", kernel: "`ck_tile_q16_q8_8x8__neon`", kind: WorkKind.int8),
        ("A53", "`ck_tile_f32_5x16__neon`", .float), ("A53", "`scores`, attention", .attention),
        ("A53", "`multiply`, winograd", .winograd), ("A72", "`ck_tile_q16_q8_8x8__neon`", .int8),
        ("A72", "`ck_tile_f32_5x16__neon`", .float), ("A72", "`scores`, attention", .attention),
        ("A72", "`multiply`, winograd", .winograd),
        ("A76", "`ck_tile_q8_q8_8x8__neon_dotprod`", .int8),
        ("A76", "`ck_tile_f32_5x16__neon`", .float), ("A76", "`scores`, attention", .attention),
    ])
    func ratesAreThoseOfTheDocument(core: String, kernel: String, kind: WorkKind) throws {
        let text = try #require(systemText("\(TestBundle.root)/docs/neon.md"))
        let row = try #require(
            text.split(separator: "\n").first {
                $0.hasPrefix("| \(kernel) |") && $0.contains("| \(core) |")
            })
        let cells = row.split(separator: "|").map { $0.filter { $0 != " " } }
        let rate = try #require(Double(cells[4]))
        let known = [
            "A53": Core.cortexA53, "A72": Core.cortexA72, "A76": Core.cortexA76,
        ]
        // A Winograd product is counted four times.
        #expect(known[core]?.rate(kind) == (kind == .winograd ? 4 : 1) * rate)
    }
}

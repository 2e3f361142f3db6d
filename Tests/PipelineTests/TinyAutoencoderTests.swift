import Layers
import Models
import Pictures
import Quantizer
import Tensors
import Testing
import WeightStore

@testable import Pipeline

/// A tiny autoencoder with random weights against what diffusers 0.42.1 makes of the same.
@Suite struct TinyAutoencoderTests {
    private static let fixture = "\(TestBundle.root)/Tests/Fixtures/tiny-taesd"
    private let executor = Executor(threads: 2)

    private func bundle(_ type: WeightType) throws -> Bundle {
        try InstructionSet.selectFromEnvironment()
        return try Bundle.open(TestBundle.path(Self.fixture, type: type))
    }

    private func autoencoder(_ type: WeightType) throws -> Autoencoder {
        let bundle = try bundle(type)
        let stage = try bundle.stage("vae")
        return try Autoencoder(
            className: stage.className, configuration: stage.config,
            weights: WeightReader(try bundle.weights("vae")))
    }

    @Test(arguments: [WeightType.f32, .f16, .int8])
    func bothHalvesMatchDiffusers(type: WeightType) throws {
        let bound = type == .f32 ? 1e-5 : type == .f16 ? 2e-3 : 0.05
        let autoencoder = try autoencoder(type)
        let expected = try SafetensorsFile(path: Self.fixture + "/expected.safetensors")
        let decoded = autoencoder.decoder(
            try expected.tensor("latents", in: executor.workspace), on: executor)
        let wanted = try expected.floats("decoded")
        expectClose(
            decoded.planarValues, wanted, below: bound, "tiny-taesd \(type.rawValue) decoder")
        let encoded = autoencoder.encoder(
            try expected.tensor("image", in: executor.workspace), on: executor)
        #expect(encoded.logVariance == nil)
        expectClose(
            encoded.mean.planarValues, try expected.floats("encoded"), below: bound,
            "tiny-taesd \(type.rawValue) encoder")
    }

    @Test func multiplyAddsAreCounted() throws {
        let count = MultiplyAdds(try bundle(.f32).weights("vae")).decoder(height: 6, width: 8)
        let convolution = 16 * 16 * 9
        let level = 6 * convolution
        let wanted =
            48 * (4 * 16 * 9 + level) + 4 * 48 * (convolution + level)
            + 16 * 48 * (convolution + level)
            + 64 * 48 * (convolution + 3 * convolution + 16 * 3 * 9)
        #expect(count == wanted)
    }

    /// It stands in for a model's own, and says so.
    @Test func aModelDrawsWithIt() throws {
        let own = try DiffusionBundle(
            path: TestBundle.path("\(TestBundle.fixtures)/tiny-pai", type: .f32))
        let painter = TextToImage(try own.drawing(with: bundle(.f32)), on: executor)
        var request = GenerationRequest(prompt: "熊猫", steps: 2, width: 64, height: 64)
        let plan = try painter.plan(request)
        var drawn: [Picture] = []
        try painter.run(plan) { drawn.append($0.picture) }
        let text = painter.parameters(of: plan, seed: 0).text
        #expect(text.contains("VAE: tiny-taesd"))
        // The way back: the picture is encoded by the tiny one too.
        request.initial = InitialPicture(drawn[0], strength: 0.5)
        try painter.run(try painter.plan(request)) { drawn.append($0.picture) }
        #expect(drawn.count == 2 && drawn[0] != drawn[1])
    }

    @Test func anAutoencoderForOtherLatentsIsRefused() throws {
        let demo = try DiffusionBundle(path: TestBundle.path(EmojiTests.checkpoint, type: .int8))
        #expect(throws: PipelineError.self) { try demo.drawing(with: try bundle(.f32)) }
    }

    /// It shows the model's pictures while they are drawn, and leaves them as they are.
    @Test func itDecodesPreviews() throws {
        let own = try DiffusionBundle(
            path: TestBundle.path("\(TestBundle.fixtures)/tiny-pai", type: .f32))
        let (plain, previewing, tiny) = (
            TextToImage(own, on: executor),
            TextToImage(try own.previewing(with: bundle(.f32)), on: executor),
            TextToImage(try own.drawing(with: bundle(.f32)), on: executor)
        )
        let request = GenerationRequest(prompt: "熊猫", steps: 2, width: 64, height: 64)
        let (plan, tinyPlan) = (try previewing.plan(request), try tiny.plan(request))
        var previews = 0
        var pictures: [Picture] = []
        try previewing.run(
            plan,
            step: { loop, _ in
                let shown = try #require(try previewing.preview(of: loop, in: plan))
                #expect(shown == (try tiny.preview(of: loop, in: tinyPlan)))
                #expect(shown != (try plain.preview(of: loop, in: plain.plan(request))))
                previews += 1
            }, each: { pictures.append($0.picture) })
        try plain.run(try plain.plan(request)) { pictures.append($0.picture) }
        #expect(previews == 2 && pictures.count == 2 && pictures[0] == pictures[1])
        let emoji = try DiffusionBundle(path: TestBundle.path(EmojiTests.checkpoint, type: .int8))
        #expect(throws: PipelineError.self) { _ = try emoji.previewing(with: bundle(.f32)) }
    }
}

import Layers
import Models
import Pipeline
import Quantizer
import Tensors
import Testing
import WeightStore

/// A rehearsal takes the memory that the run takes, to the byte, and touches none.
@Suite struct RehearsalTests {
    /// A model's forward pass on an input of zeros.
    typealias Pass = (Executor) -> Void

    static let bundles: [(checkpoint: String, type: WeightType)] = [
        ("\(TestBundle.root)/Tests/Fixtures/tiny-pai", .f32), (EmojiTests.checkpoint, .int8),
    ]

    @Test(arguments: bundles, [1, 2, 3])
    func diffusionTakesWhatItsRehearsalTakes(
        _ bundle: (checkpoint: String, type: WeightType), threads: Int
    ) throws {
        let model = try DiffusionBundle(path: TestBundle.path(bundle.checkpoint, type: bundle.type))
        let encoder = try model.textEncoder()
        let ids = [Int32](repeating: 1, count: encoder.maximumLength)
        try expectEqualPeaks(threads: threads) { _ = encoder([ids, ids], on: $0) }

        let unet = try model.unet()
        let latents = Shape(
            images: 2, height: 12, width: 9, channels: model.unetConfiguration.inChannels)
        let context = Shape(images: 2, tokens: ids.count, channels: encoder.width)
        try expectEqualPeaks(threads: threads) { executor in
            _ = unet(
                zeros(latents, on: executor), timesteps: [500, 500],
                context: zeros(context, on: executor), on: executor)
        }
        let decoder = try model.decoder()
        try expectEqualPeaks(threads: threads) { _ = decoder(zeros(latents, on: $0), on: $0) }
        let imageEncoder = try model.encoder()
        let picture = Shape(images: 1, height: 64, width: 32, channels: 3)
        try expectEqualPeaks(threads: threads) { _ = imageEncoder(zeros(picture, on: $0), on: $0) }
    }

    @Test(arguments: ["basicsr-params-ema.pth", "srvgg-compact.pth"])
    func upscalingTakesWhatItsRehearsalTakes(checkpoint: String) throws {
        let fixture = "\(TestBundle.root)/Tests/Fixtures/esrgan/\(checkpoint)"
        let bundle = try Bundle.open(try TestBundle.path(fixture, type: .int8))
        let stage = try bundle.stage("upscaler")
        let upscaler = try makeUpscaler(
            className: stage.className, configuration: stage.config,
            weights: WeightReader(try bundle.weights("upscaler")))
        let picture = Shape(images: 1, height: 20, width: 28, channels: 3)
        try expectEqualPeaks(threads: 2) { _ = upscaler(zeros(picture, on: $0), on: $0) }
    }

    private func zeros(_ shape: Shape, on executor: Executor) -> Tensor {
        Tensor(Array(repeating: 0, count: shape.count), shape: shape, in: executor.workspace)
    }

    /// Twice, since the second pass finds the blocks that the first one left.
    private func expectEqualPeaks(
        threads: Int, sourceLocation: SourceLocation = #_sourceLocation, _ pass: Pass
    ) throws {
        try InstructionSet.selectFromEnvironment()
        let executor = Executor(threads: threads)
        let rehearsal = executor.rehearsal
        for _ in 0..<2 {
            pass(executor)
            pass(rehearsal)
            let peak = executor.workspace.peakBytes
            #expect(peak > 0, sourceLocation: sourceLocation)
            #expect(rehearsal.workspace.peakBytes == peak, sourceLocation: sourceLocation)
            #expect(
                rehearsal.workspace.bytesInUse == executor.workspace.bytesInUse,
                sourceLocation: sourceLocation)
        }
    }
}

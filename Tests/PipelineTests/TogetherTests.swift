import Pictures
import Pipeline
import Quantizer
import Tensors
import Testing
import WeightStore

/// Pictures that share the passes over the weights are those that are drawn alone.
@Suite struct TogetherTests {
    private let executor = Executor(threads: 2)
    private let picture = Picture(
        width: 64, height: 48, channels: 3,
        pixels: (0..<64 * 48 * 3).map { UInt8(truncatingIfNeeded: $0 &* 7) })

    private func painter(_ checkpoint: String, type: WeightType = .int8) throws -> TextToImage {
        try InstructionSet.selectFromEnvironment()
        return TextToImage(
            try DiffusionBundle(path: TestBundle.path(checkpoint, type: type)), on: executor)
    }

    private func request(guidance: Double = 5) -> GenerationRequest {
        GenerationRequest(
            prompt: "熊猫", steps: 3, guidance: guidance, sampler: "euler-a", seed: 3, width: 64,
            height: 48, count: 5)
    }

    @Test(arguments: [1, 5.0], [false, true])
    func picturesAreTheSame(guidance: Double, begins: Bool) throws {
        var request = request(guidance: guidance)
        if begins { request.initial = InitialPicture(picture, strength: 0.7) }
        try expectSamePictures(request, with: painter(EmojiTests.checkpoint), together: 3)
    }

    @Test func picturesThatFollowAnotherAreTheSame() throws {
        let painter = try painter("\(TestBundle.fixtures)/tiny-pai")
        let net = try Bundle.open(
            TestBundle.path("\(TestBundle.fixtures)/controlnet", type: .int8))
        var request = request()
        request.controls = [try ControlPicture(net, picture, scale: 0.5)]
        try expectSamePictures(request, with: painter, together: 3)
    }

    /// What is read again for each pass is read less often.
    @Test func weightsThatPassThroughAreShared() throws {
        let painter = try painter(EmojiTests.checkpoint)
        var request = request()
        request.memoryLimit = try leastLimit(request, with: painter) + (1 << 20)
        try expectSamePictures(request, with: painter, together: 2)
        let stages = try painter.plan(request).stages.memory.stages
        #expect(stages.contains { $0.residentWeightBytes < $0.weightBytes })
    }

    @Test func largePicturesWhoseWeightsStayAreDrawnAlone() throws {
        var request = request()
        (request.width, request.height) = (512, 512)
        let painter = try painter(EmojiTests.checkpoint)
        #expect(try painter.plan(request).picturesTogether == 1)
        (request.width, request.height) = (128, 128)
        #expect(try painter.plan(request).picturesTogether == 2)
    }

    private func expectSamePictures(
        _ request: GenerationRequest, with painter: TextToImage, together least: Int
    ) throws {
        let plan = try painter.plan(request)
        let together = plan.picturesTogether
        #expect(together >= least)
        var alone: [Picture] = []
        try painter.run(painter.plan(painter.settle(request), together: false)) {
            alone.append($0.picture)
        }
        var drawn: [Picture] = []
        var steps: [Int] = []
        try painter.run(plan, step: { _, picture in steps.append(picture) }) {
            drawn.append($0.picture)
        }
        #expect(alone.count == request.count && Set(alone.map(\.pixels)).count == request.count)
        #expect(drawn == alone)
        #expect(Array(steps.prefix(together)) == Array(0..<together))
        #expect(executor.workspace.bytesInUse == 0)
    }
}

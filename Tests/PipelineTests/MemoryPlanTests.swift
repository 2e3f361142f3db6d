import Layers
import Models
import Pictures
import Pipeline
import Quantizer
import Tensors
import Testing
import WeightStore

/// The plan of a request's memory, and that the run keeps to it.
@Suite struct MemoryPlanTests {
    private let model: DiffusionBundle
    private let request = GenerationRequest(
        prompt: "熊猫", steps: 3, guidance: 5, seed: 3, width: 64, height: 48)

    init() throws {
        try InstructionSet.selectFromEnvironment()
        model = try DiffusionBundle(path: TestBundle.path(EmojiTests.checkpoint, type: .int8))
    }

    @Test(arguments: [1, 2, 3]) func runTakesWhatThePlanSays(threads: Int) throws {
        let executor = Executor(threads: threads)
        let painter = TextToImage(model, on: executor)
        let plan = try painter.plan(request)
        var taken: [Progress.Stage: Int] = [:]
        var stage: Progress.Stage?
        func endStage(_ next: Progress.Stage?) {
            if let stage {
                taken[stage, default: 0] = max(taken[stage] ?? 0, executor.workspace.peakBytes)
            }
            executor.workspace.resetPeak()
            stage = next
        }
        try painter.run(plan, progress: { endStage($0.stage) }, each: { _ in endStage(nil) })
        for planned in plan.stages.memory.stages {
            let bytes = try #require(taken[planned.stage])
            #expect(
                bytes <= planned.activationBytes
                    && (planned.activationBytes - bytes) * 8 <= planned.activationBytes,
                "\(planned.stage): planned \(planned.activationBytes), taken \(bytes)")
        }
        // Only the text's hidden states were alive between the stages.
        #expect(executor.workspace.bytesInUse == 0)
    }

    @Test func refusalNamesTheSmallestLimitAndThatDrawsTheSamePicture() throws {
        let painter = TextToImage(model, on: Executor(threads: 2))
        let least = try leastLimit(request, with: painter)
        #expect(try leastLimit(request, below: least - 1, with: painter) == least)
        var limited = request
        limited.memoryLimit = least
        let plan = try painter.plan(limited)
        let memory = plan.stages.memory
        #expect(memory.peakBytes <= least)
        #expect(memory.stages.contains { $0.residentWeightBytes < $0.weightBytes })
        let whole = try painter.plan(request)
        #expect(whole.stages.memory.stages.allSatisfy { $0.residentWeightBytes == $0.weightBytes })
        #expect(try draw(plan, with: painter) == draw(whole, with: painter))
    }

    @Test func enlargingUnderALimitGivesTheSamePicture() throws {
        let fixture = "\(TestBundle.root)/Tests/Fixtures/esrgan/basicsr-params-ema.pth"
        let bundle = try Bundle.open(try TestBundle.path(fixture, type: .int8))
        let upscaler = try PictureUpscaler(bundle, on: Executor(threads: 2))
        let pixels = (0..<40 * 32 * 3).map { UInt8(truncatingIfNeeded: $0 &* 89) }
        let picture = Picture(width: 40, height: 32, channels: 3, pixels: pixels)
        let whole = try upscaler.plan(width: 40, height: 32, limit: nil)
        let limit = whole.memory.peakBytes - 1
        let limited = try upscaler.plan(width: 40, height: 32, limit: limit)
        #expect(limited.memory.peakBytes <= limit)
        #expect(try upscaler(picture, plan: limited) == upscaler(picture, plan: whole))
    }

    private func draw(_ plan: TextToImage.Plan, with painter: TextToImage) throws -> Picture? {
        var picture: Picture?
        try painter.run(plan) { picture = $0.picture }
        return picture
    }
}

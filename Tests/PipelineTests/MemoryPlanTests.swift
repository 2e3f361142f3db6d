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
        let planned = plan.stages.memory.stages.map(\.activationBytes).max() ?? 0
        _ = try draw(plan, with: painter)
        let taken = executor.workspace.peakBytes
        #expect(abs(taken - planned) * 20 <= planned, "planned \(planned), taken \(taken)")
        // Only the text's hidden states were alive between the stages.
        #expect(executor.workspace.bytesInUse == 0)
    }

    @Test func refusalNamesTheSmallestLimitAndThatDrawsTheSamePicture() throws {
        let painter = TextToImage(model, on: Executor(threads: 2))
        let least = try leastLimit(painter, below: 1)
        #expect(try leastLimit(painter, below: least - 1) == least)
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

    @Test func onlyTheFirstStepMakesBlocks() throws {
        let unet = try model.unet()
        let executor = Executor(threads: 2)
        let latents = Shape(
            images: 2, height: 8, width: 8, channels: model.unetConfiguration.inChannels)
        let context = Tensor(
            Shape(images: 2, tokens: 32, channels: model.unetConfiguration.crossAttentionDim),
            in: executor.workspace)
        let rehearsal = executor.rehearsal
        var made: [Int] = []
        for _ in 0..<3 {
            _ = unet(
                Tensor(latents, in: rehearsal.workspace), timesteps: [1, 1], context: context,
                on: rehearsal)
            made.append(rehearsal.workspace.blocksMade)
        }
        #expect(made[0] > 0 && made[1] == made[0] && made[2] == made[0])
    }

    /// Reads the U-Net's weights twice in the order of its layers, in as little memory as possible.
    @Test func weightsPassThroughWithinTheirBudget() throws {
        let file = try model.bundle.weights("unet")
        let order = try weightOrder(of: try model.unet(file))
        let all = WeightResidency(file.file, order: order)
        for budget in [all.leastBytes, (all.leastBytes + all.readBytes) / 2] {
            let residency = WeightResidency(file.file, order: order, budget: budget)
            #expect(residency.residentBytes <= budget && budget < all.readBytes)
            let stream = WeightStream(file.file, order: order, residency: residency)
            // The kernel maps up to 16 pages around one that is in its cache.
            let slack = 2 * 64 << 10
            for ranges in order + order {
                stream.require(ranges)
                #expect(mappedBytes(of: file.path) <= budget + slack)
            }
            stream.finish()
            #expect(mappedBytes(of: file.path) == 0)
        }
    }

    private func weightOrder(of unet: UNet2DConditionModel) throws -> [[Range<Int>]] {
        let record = WeightRecord()
        let rehearsal = Executor(threads: 1).rehearsal.reading(from: record)
        let latents = Shape(images: 1, height: 8, width: 8, channels: unet.configuration.inChannels)
        let context = Shape(images: 1, tokens: 4, channels: unet.configuration.crossAttentionDim)
        _ = unet(
            Tensor(latents, in: rehearsal.workspace), timesteps: [0],
            context: Tensor(context, in: rehearsal.workspace), on: rehearsal)
        return record.order
    }

    /// Bytes of a file that are mapped into this process at this moment.
    private func mappedBytes(of path: String) -> Int {
        let lines = (systemText("/proc/self/smaps") ?? "").split(separator: "\n")
        let maps = lines.indices.filter { lines[$0].hasSuffix(path) }
        return maps.reduce(0) { sum, index in
            let rest = lines[(index + 1)...].prefix(4).joined(separator: "\n")
            return sum + (number(after: "Rss", in: rest) ?? 0) * 1024
        }
    }

    private func leastLimit(_ painter: TextToImage, below limit: Int) throws -> Int {
        var request = request
        request.memoryLimit = limit
        do {
            _ = try painter.plan(request)
        } catch PipelineError.memoryLimit(_, limit, let least) {
            return least
        }
        Issue.record("\(limit) bytes were enough")
        return 0
    }

    private func draw(_ plan: TextToImage.Plan, with painter: TextToImage) throws -> Picture? {
        var picture: Picture?
        try painter.run(plan) { picture = $0.picture }
        return picture
    }
}

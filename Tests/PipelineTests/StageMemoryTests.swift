import Pictures
import Pipeline
import Quantizer
import Tensors
import TestSupport
import Testing
import WeightStore

/// What is in memory between a picture's steps and stages.
@Suite struct StageMemoryTests {
    private let request = GenerationRequest(
        prompt: "熊猫", steps: 5, guidance: 5, seed: 3, width: 64, height: 48)

    init() throws {
        try InstructionSet.selectFromEnvironment()
    }

    @Test(arguments: [1, 2, 3], [0, 5])
    func laterStepsAskForNoMemory(threads: Int, guidance: Double) throws {
        let model = try DiffusionBundle(path: TestBundle.path(EmojiTests.checkpoint, type: .int8))
        let executor = Executor(threads: threads)
        let painter = TextToImage(model, on: executor)
        var request = request
        request.guidance = guidance
        var growths: [Int] = []
        try painter.run(
            painter.plan(request),
            progress: { if $0.stage == .denoise { growths.append(executor.workspace.growths) } },
            each: { _ in })
        #expect(growths.count > request.steps && growths[1] > growths[0], "\(growths)")
        #expect(growths.dropFirst().allSatisfy { $0 == growths[1] }, "\(growths)")
    }

    @Test(arguments: [nil, 1]) func weightsAreGivenBackAfterTheirStage(limit: Int?) throws {
        // A copy that no other test has mapped.
        try withTemporaryFolder { folder in
            let path = folder + "/bundle"
            _ = try Conversion.open(
                EmojiTests.checkpoint, recipe: QuantizationRecipe(type: .int8)
            ).write(to: path)
            let painter = TextToImage(try DiffusionBundle(path: path), on: Executor(threads: 2))
            var request = request
            if limit != nil { request.memoryLimit = try leastLimit(request, with: painter) }
            let plan = try painter.plan(request)
            var seen: Set<String> = []
            func expectGone(_ stage: String) throws {
                let left = try #require(residentBytes(ofFilesAt: "\(path)/\(stage)"))
                #expect(left == 0, "\(stage)")
                seen.insert(stage)
            }
            try painter.run(
                plan,
                progress: { progress in
                    switch progress.stage {
                    case .denoise where progress.step == 0: try expectGone("text_encoder")
                    case .denoise:
                        #expect(try #require(residentBytes(ofFilesAt: "\(path)/unet")) > 0)
                    case .decode: try expectGone("unet")
                    case .text, .encode, .upscale: break
                    }
                }, each: { _ in try expectGone("") })
            #expect(seen == ["text_encoder", "unet", ""])
        }
    }
}

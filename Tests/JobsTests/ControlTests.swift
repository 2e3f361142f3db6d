import Pictures
import Pipeline
import Quantizer
import Samplers
import Tensors
import TestSupport
import Testing
import WeightStore

@testable import Jobs

/// Pictures that ControlNets follow, in jobs.
@Suite struct ControlTests {
    private let sketch = Picture(
        width: 64, height: 48, channels: 3,
        pixels: (0..<64 * 48 * 3).map { UInt8(truncatingIfNeeded: $0 &* 7) })

    /// A workplace with a small model and a net for it.
    private func workplace(_ folder: String) throws -> Workplace {
        let fixtures = repositoryRoot(above: #filePath) + "/Tests/Fixtures"
        let models = folder + "/models"
        try makeFolders(models)
        for (checkpoint, name) in [("tiny-pai", "model"), ("controlnet", "net")] {
            _ = try Conversion.open(
                "\(fixtures)/\(checkpoint)", recipe: QuantizationRecipe(type: .f32)
            ).write(to: "\(models)/\(name)")
        }
        var place = Workplace(folder)
        place.configuration.library = ModelLibrary(folders: [models])
        place.configuration.defaultModel = "model"
        return place
    }

    private func request(canny: Bool) throws -> JobRequest {
        var request = Workplace.request(steps: 3)
        (request.width, request.height) = (64, 48)
        request.controls = [
            .init(
                name: "net", image: try encodePNG(sketch), scale: 0.8,
                canny: canny ? .init(low: 100, high: 200) : nil)
        ]
        return request
    }

    @Test(arguments: [false, true]) func aJobDrawsWhatThePipelineDraws(canny: Bool) async throws {
        try await withTemporaryFolder { folder in
            let place = try workplace(folder)
            let queue = try place.queue()
            let id = try await queue.submit(request(canny: canny), owner: nil).id
            #expect(isRegularFile("\(folder)/spool/queue/\(id)/control-1.png"))
            let jobs = await queue.finish([id])
            #expect(jobs.map(\.state) == [.done])
            let drawn = try decodePNG(queue.picture(id)).picture
            #expect(try drawn == ownPicture(place.configuration.library, canny: canny))
        }
    }

    private func ownPicture(_ library: ModelLibrary, canny: Bool) throws -> Picture? {
        let painter = TextToImage(
            try DiffusionBundle(library.open("model")), on: Executor(threads: 2))
        let followed = canny ? sketch.outlines(low: 100, high: 200) : sketch
        let plan = try painter.plan(
            GenerationRequest(
                prompt: "熊猫，蓝色背景", steps: 3, guidance: 1, seed: 5, width: 64, height: 48,
                controls: [try ControlPicture(library.open("net"), followed, scale: 0.8)]))
        var drawn: Picture?
        try painter.run(plan) { drawn = $0.picture }
        return drawn
    }

    @Test func aNetThatIsNoneIsRefused() async throws {
        try await withTemporaryFolder { folder in
            let queue = try workplace(folder).queue()
            var request = try request(canny: false)
            request.controls[0].name = "model"
            let wrong = request
            let problem = await #expect(throws: JobError.self) {
                try await queue.submit(wrong, owner: nil)
            }
            #expect("\(try #require(problem))" == "controls: expected a ControlNet, found model")
        }
    }
}

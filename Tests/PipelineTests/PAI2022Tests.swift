import Models
import Pictures
import Quantizer
import Samplers
import Tensors
import Testing
import Tokenizers
import WeightStore

@testable import Pipeline

/// A small folder of PAI-Diffusion's first generation against what latent diffusion computed for it.
@Suite struct PAI2022Tests {
    private static let cases = TestBundle.presentFiles(["pai-2022"])
    private let executor = Executor(threads: 2)

    private func folder(_ name: String) -> String { "\(TestBundle.fixtures)/\(name)" }

    private func model(_ name: String) throws -> DiffusionBundle {
        try InstructionSet.selectFromEnvironment()
        return try DiffusionBundle(path: TestBundle.path(folder(name), type: .f32))
    }

    private func expected(_ name: String) throws -> SafetensorsFile {
        try SafetensorsFile(path: folder(name) + "/expected.safetensors")
    }

    private func request(_ name: String) throws -> GenerationRequest {
        let json = try readJSON(folder(name) + "/expected.json")
        return GenerationRequest(
            prompt: try #require(json["prompt"]?.string),
            negativePrompt: try #require(json["negative_prompt"]?.string),
            steps: try #require(json["steps"]?.int),
            guidance: try #require(json["guidance_scale"]?.double),
            seed: UInt64(try #require(json["seed"]?.int)))
    }

    private func context(_ name: String) throws -> Tensor {
        let model = try model(name)
        let request = try request(name)
        let encoder = try model.textEncoder()
        let tokenizer = try model.tokenizer(defaultLength: encoder.promptLength)
        let ids = [request.negativePrompt, request.prompt].map {
            tokenizer.encode($0, length: encoder.maximumLength).ids
        }
        // Upstream has the prompt first.
        #expect(
            ids.reversed().flatMap { $0.map(Int.init) } == (try expected(name).integers("ids")))
        return encoder(ids, on: executor)
    }

    @Test(arguments: cases) func pooledVectorMatches(name: String) throws {
        let context = try context(name)
        #expect(context.shape.pixels == 1)
        let wanted = try expected(name).floats("context")
        let width = context.shape.channels
        let values = context.values
        expectClose(
            Array(values[width...] + values[..<width]), wanted, below: 1e-5, "\(name) text")
    }

    @Test(arguments: cases) func plmsMatches(name: String) throws {
        let model = try model(name)
        let request = try request(name)
        let expected = try expected(name)
        #expect(model.defaultSampler == .pndm)
        let unet = GuidedUNet(
            try model.unet(), context: try context(name), guidance: Float(request.guidance),
            on: executor)
        var walks = [
            DenoisingLoop(
                sampler: try makeSampler(
                    model.defaultSampler, configuration: model.schedulerConfiguration,
                    steps: request.steps),
                seed: request.seed,
                shape: Shape(images: 1, height: 16, width: 16, channels: 4))
        ]
        #expect(walks[0].latents == (try expected.floats("noise")))
        while try unet.advance(&walks) {}
        expectClose(
            walks[0].latents, try expected.floats("latents"), below: 1e-4, "\(name) latents")
    }

    /// Cut off to 8 bits, so that nearly every byte is the same, and none is more than one away.
    @Test(arguments: cases) func pictureMatches(name: String) throws {
        let painter = TextToImage(try model(name), on: executor)
        let wanted = try readPicture(folder(name) + "/expected.png")
        #expect(painter.model.defaultSide == wanted.width)
        try painter.run(try painter.plan(try request(name))) { result in
            #expect(largestDifference(result.picture, wanted) <= 1)
            let pairs = zip(result.picture.pixels, wanted.pixels)
            let different = pairs.count { $0 != $1 }
            #expect(different * 1000 < wanted.pixels.count, "\(different)")
        }
    }

    /// The upscaler sees blue, green, red.
    @Test(arguments: cases) func upscaledPictureMatches(name: String) throws {
        let bundle = try model(name).bundle
        let expected = try expected(name)
        let network = try bundle.upscaler()
        let output = network(try expected.tensor("image", in: executor.workspace), on: executor)
        let wanted = try expected.floats("upscaled")
        let clamped = output.planarValues.map { min(max($0, 0), 1) }
        expectClose(clamped, wanted, below: 1e-5, "\(name) upscaler")
    }

    @Test(arguments: cases) func defaultsAreUpstreams(name: String) throws {
        let defaults = try RequestDefaults(try model(name).bundle)
        #expect(defaults.steps == 20)
        #expect(defaults.guidance == 5)
    }
}

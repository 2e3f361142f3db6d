import Layers
import Models
import Pictures
import Pipeline
import Quantizer
import Samplers
import Tensors
import Testing
import Tokenizers
import WeightStore

/// Every stage of small checkpoints with random weights, in float32, against what diffusers and
/// transformers computed for the same inputs.
@Suite struct ParityTests {
    static let checkpoints =
        TestBundle.present([
            "tiny-pai", "tiny-sd1", "tiny-sd2", "tiny-taiyi", "formats/tiny-pai-bin",
        ])
        + TestBundle.presentFiles(["formats/tiny-sd1-ldm.safetensors", "formats/tiny-sd1-ldm.ckpt"])

    /// The same weights in other files.
    static func expectation(_ checkpoint: String) -> String {
        switch checkpoint {
        case "formats/tiny-pai-bin": "tiny-pai"
        case "formats/tiny-sd1-ldm.safetensors", "formats/tiny-sd1-ldm.ckpt": "tiny-sd1"
        default: checkpoint
        }
    }

    private let executor = Executor(threads: 2)

    private func model(_ checkpoint: String) throws -> DiffusionBundle {
        try InstructionSet.selectFromEnvironment()
        return try DiffusionBundle(
            path: TestBundle.path("\(TestBundle.fixtures)/\(checkpoint)", type: .f32))
    }

    private func expected(_ checkpoint: String) throws -> SafetensorsFile {
        let folder = "\(TestBundle.fixtures)/\(Self.expectation(checkpoint))"
        return try SafetensorsFile(path: folder + "/expected.safetensors")
    }

    @Test(arguments: checkpoints) func textHiddenStatesMatchTransformers(checkpoint: String) throws
    {
        let model = try model(checkpoint)
        let expected = try expected(checkpoint)
        let request = try expectedRequest(checkpoint)
        let encoder = try model.textEncoder()
        let tokenizer = try model.tokenizer(defaultLength: encoder.promptLength)
        for (name, prompt) in [("prompt", request.prompt), ("negative", request.negativePrompt)] {
            let ids = tokenizer.encode(
                prompt, length: min(tokenizer.maximumLength, encoder.maximumLength)
            ).ids
            #expect(ids.map(Int.init) == (try expected.integers("text.\(name).ids")))
            let hidden = encoder([ids], on: executor)
            let wanted = try expected.floats("text.\(name).hidden")
            expectClose(hidden.values, wanted, below: 1e-5, "\(checkpoint) text")
        }
    }

    @Test(arguments: checkpoints) func unetMatchesDiffusers(checkpoint: String) throws {
        let unet = try model(checkpoint).unet()
        let expected = try expected(checkpoint)
        let sample = try expected.tensor("unet.in", in: executor.workspace)
        let context = try expected.tokens("unet.context", in: executor.workspace)
        for timestep in [1, 500, 981] {
            let output = unet(
                sample, timesteps: [Float(timestep), Float(timestep)], context: context,
                on: executor)
            let wanted = try expected.floats("unet.t\(timestep).out")
            expectClose(output.planarValues, wanted, below: 1e-5, "\(checkpoint) U-Net")
        }
    }

    @Test(arguments: checkpoints) func autoencoderMatchesDiffusers(checkpoint: String) throws {
        let model = try model(checkpoint)
        let expected = try expected(checkpoint)
        let (decoder, encoder) = (try model.decoder(), try model.encoder())
        let decoded = decoder(
            try expected.tensor("vae.latents", in: executor.workspace), on: executor)
        expectClose(
            decoded.planarValues, try expected.floats("vae.decoded"), below: 1e-5,
            "\(checkpoint) decoder")
        let posterior = encoder(
            try expected.tensor("vae.image", in: executor.workspace), on: executor)
        expectClose(
            posterior.mean.planarValues, try expected.floats("vae.encoded.mean"), below: 1e-5,
            "\(checkpoint) encoder")
        let logVariance = try #require(posterior.logVariance).planarValues
        expectClose(
            logVariance, try expected.floats("vae.encoded.logvar"), below: 1e-5,
            "\(checkpoint) encoder")
    }

    @Test(arguments: checkpoints) func eightStepsMatchDiffusers(checkpoint: String) throws {
        let model = try model(checkpoint)
        let expected = try expected(checkpoint)
        let request = try expectedRequest(checkpoint)
        let encoder = try model.textEncoder()
        let tokenizer = try model.tokenizer(defaultLength: encoder.promptLength)
        let ids = [request.negativePrompt, request.prompt].map {
            tokenizer.encode($0, length: min(tokenizer.maximumLength, encoder.maximumLength)).ids
        }
        let shape = Shape(
            images: 1, height: 16, width: 16, channels: model.unetConfiguration.inChannels)
        let unet = GuidedUNet(
            try model.unet(), context: encoder(ids, on: executor),
            guidance: Float(request.guidance), on: executor)
        var walks = [
            DenoisingLoop(
                sampler: try makeSampler(
                    .ddim, configuration: model.schedulerConfiguration, steps: request.steps),
                seed: request.seed, shape: shape)
        ]
        #expect(walks[0].latents == (try expected.floats("pipeline.noise")))
        let trajectory = try expected.floats("pipeline.latents")
        while try unet.advance(&walks) {
            let step = walks[0].index
            let wanted = trajectory[(step - 1) * shape.count..<step * shape.count]
            expectClose(walks[0].latents, Array(wanted), below: 1e-4, "\(checkpoint) latents")
        }
        #expect(walks[0].index == 8)
    }

    @Test(arguments: checkpoints) func pictureMatchesDiffusers(checkpoint: String) throws {
        let painter = TextToImage(try model(checkpoint), on: executor)
        let folder = "\(TestBundle.fixtures)/\(Self.expectation(checkpoint))"
        let wanted = try readPicture(folder + "/expected.png")
        try painter.run(try painter.plan(try expectedRequest(checkpoint))) { result in
            #expect(largestDifference(result.picture, wanted) <= 1)
        }
    }

    @Test(arguments: checkpoints.filter { $0 == expectation($0) })
    func pictureFromAPictureMatchesDiffusers(checkpoint: String) throws {
        let painter = TextToImage(try model(checkpoint), on: executor)
        let folder = "\(TestBundle.fixtures)/\(checkpoint)"
        let json = try readJSON(folder + "/expected.json")
        let settings = try #require(json["img2img"])
        var request = try #require(GenerationRequest(fixture: json, settings: settings))
        request.initial = InitialPicture(
            try readPicture(folder + "/img2img-source.png"),
            strength: try #require(settings["strength"]?.double))
        let wanted = try readPicture(folder + "/img2img-expected.png")
        var evaluations = 0
        try painter.run(try painter.plan(request), step: { _, _ in evaluations += 1 }) { result in
            #expect(largestDifference(result.picture, wanted) <= 1)
        }
        #expect(evaluations == 6)
    }

    /// Drawn with tiny-pai.
    @Test func pictureUnderAMaskMatchesDiffusers() throws {
        try expectInpainting(
            "inpaint-4ch", with: TextToImage(try model("tiny-pai"), on: executor))
    }

    private func expectedRequest(_ checkpoint: String) throws -> GenerationRequest {
        let folder = "\(TestBundle.fixtures)/\(Self.expectation(checkpoint))"
        let json = try readJSON(folder + "/expected.json")
        return try #require(GenerationRequest(fixture: json, settings: json["txt2img"]))
    }
}

import Layers
import Models
import Pictures
import Quantizer
import Tensors
import Testing
import Tokenizers
import WeightStore

@testable import Pipeline

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The same small checkpoints in int8, with random weights, which no quantizer is made for: still close to
/// what diffusers and transformers computed in float32.
@Suite struct QuantizedTests {
    private let executor = Executor(threads: 2)

    /// Decibels, of a stage's output against float32's; 8-bit activations lose three more.
    private var bound: Double { executor.activation == .q8 ? 27 : 30 }

    private func model(_ checkpoint: String) throws -> DiffusionBundle {
        try InstructionSet.selectFromEnvironment()
        return try DiffusionBundle(
            path: TestBundle.path("\(TestBundle.fixtures)/\(checkpoint)", type: .int8))
    }

    private static let checkpoints = ParityTests.checkpoints.filter {
        $0 == ParityTests.expectation($0)
    }

    @Test(arguments: checkpoints)
    func stagesStayClose(checkpoint: String) throws {
        let model = try model(checkpoint)
        let expected = try SafetensorsFile(
            path: "\(TestBundle.fixtures)/\(checkpoint)/expected.safetensors")
        let encoder = try model.textEncoder()
        let ids = try expected.integers("text.prompt.ids").map(Int32.init)
        let unet = try model.unet()
        let decoder = try model.decoder()
        let pictureEncoder = try model.encoder()
        let noise = unet(
            try expected.tensor("unet.in", in: executor.workspace), timesteps: [500, 500],
            context: try expected.tokens("unet.context", in: executor.workspace), on: executor)
        let picture = decoder(
            try expected.tensor("vae.latents", in: executor.workspace), on: executor)
        let latents = pictureEncoder(
            try expected.tensor("vae.image", in: executor.workspace), on: executor)
        try report(
            checkpoint,
            [
                ("text", encoder([ids], on: executor).values, "text.prompt.hidden"),
                ("U-Net", noise.planarValues, "unet.t500.out"),
                ("decoder", picture.planarValues, "vae.decoded"),
                ("encoder", latents.mean.planarValues, "vae.encoded.mean"),
            ].map { ($0.0, $0.1, try expected.floats($0.2)) })
    }

    @Test(arguments: TestBundle.presentFiles(["pai-2022"]))
    func theFirstGenerationStaysClose(checkpoint: String) throws {
        let model = try model(checkpoint)
        let expected = try SafetensorsFile(
            path: "\(TestBundle.fixtures)/\(checkpoint)/expected.safetensors")
        let ids = try expected.integers("ids").map(Int32.init)
        let half = ids.count / 2
        let encoder = try model.textEncoder()
        let context = encoder(
            [Array(ids[..<half]), Array(ids[half...])], on: executor)
        try report(checkpoint, [("text", context.values, try expected.floats("context"))])
    }

    @Test(arguments: TestBundle.presentFiles(["inpaint-9ch", "depth-5ch"]))
    func otherUNetsStayClose(fixture: String) throws {
        let path = try TestBundle.path(
            try TestBundle.checkpoint("tiny-pai", unet: fixture + "/unet"), type: .int8)
        let unet = try DiffusionBundle(path: path).unet()
        let file = try SafetensorsFile(
            path: "\(TestBundle.fixtures)/\(fixture)/unet-expected.safetensors")
        let output = unet(
            try file.tensor("in", in: executor.workspace), timesteps: [321],
            context: try file.tokens("context", in: executor.workspace), on: executor)
        try report(fixture, [("U-Net", output.planarValues, try file.floats("unet.t321.out"))])
    }

    @Test(.enabled(if: ChineseCLIPTests.isPresent))
    func chineseCLIPStaysClose() throws {
        let encoder = try ChineseCLIPTests.encoder(type: .int8)
        let file = try SafetensorsFile(path: ChineseCLIPTests.folder + "/expected.safetensors")
        let ids = try file.integers("ids").map(Int32.init)
        let hidden = encoder([Array(ids[..<52]), Array(ids[52...])], on: executor)
        try report("chinese-clip", [("text", hidden.values, try file.floats("hidden"))])
    }

    @Test func aTinyAutoencoderStaysClose() throws {
        let folder = "\(TestBundle.root)/Tests/Fixtures/tiny-taesd"
        let expected = try SafetensorsFile(path: folder + "/expected.safetensors")
        let autoencoder = try DiffusionBundle.autoencoder(
            of: Bundle.open(TestBundle.path(folder, type: .int8)))
        let picture = autoencoder.decoder(
            try expected.tensor("latents", in: executor.workspace), on: executor)
        let latents = autoencoder.encoder(
            try expected.tensor("image", in: executor.workspace), on: executor)
        try report(
            "taesd",
            [
                ("decoder", picture.planarValues, try expected.floats("decoded")),
                ("encoder", latents.mean.planarValues, try expected.floats("encoded")),
            ])
    }

    @Test func aLoRAOfPAIStaysClose() throws {
        let folder = "\(TestBundle.fixtures)/lora"
        let expected = try SafetensorsFile(path: folder + "/expected.safetensors")
        let lora = try LoRA(
            bundle: TestBundle.path(folder + "/pytorch_lora_weights.bin", type: .f16),
            scale: Double(try expected.floats("scale")[0]))
        let found = try evaluate(try model("tiny-pai").adding([lora]))
        try report("lora", [("U-Net", found, try expected.floats("unet.t500.out"))])
    }

    @Test func aControlNetStaysClose() throws {
        let folder = "\(TestBundle.fixtures)/controlnet"
        let expected = try SafetensorsFile(path: folder + "/expected.safetensors")
        let model = try model("tiny-pai")
        let picture = Picture(
            width: 64, height: 64, channels: 3, pixels: [UInt8](repeating: 0, count: 64 * 64 * 3))
        let net = try ControlPicture(
            Bundle.open(TestBundle.path(folder, type: .int8)), picture, scale: 1
        ).net(for: model)
        let hint = net.hint(try expected.tensor("hint", in: executor.workspace), on: executor)
        let found = try evaluate(model, controls: [Control(net, hint: hint, scale: 0.8)])
        try report("controlnet", [("U-Net", found, try expected.floats("unet.t500.out"))])
    }

    /// tiny-pai's input at t = 500.
    private func evaluate(
        _ model: DiffusionBundle, controls: [Control] = []
    ) throws -> [Float] {
        let file = try SafetensorsFile(path: "\(TestBundle.fixtures)/tiny-pai/expected.safetensors")
        return try model.unet()(
            file.tensor("unet.in", in: executor.workspace), timesteps: [500, 500],
            context: file.tokens("unet.context", in: executor.workspace), controls: controls,
            on: executor
        ).planarValues
    }

    /// Checks each stage, and says its figure where the cases were given.
    private func report(
        _ checkpoint: String, _ stages: [(name: String, found: [Float], wanted: [Float])]
    ) throws {
        var figures: [String] = []
        for (name, found, wanted) in stages {
            let isFinite = found.allSatisfy(\.isFinite)
            #expect(isFinite)
            let decibels = -20 * log10(relativeError(found, wanted))
            #expect(decibels > bound, "\(name)")
            figures.append("\(name) \((decibels * 10).rounded() / 10) dB")
        }
        guard getenv("INKSTONE_FIXTURES") != nil else { return }
        print("int8 \(checkpoint): \(figures.joined(separator: ", "))")
    }
}

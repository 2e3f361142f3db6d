import Pictures
import Pipeline
import Quantizer
import Tensors
import Testing
import WeightStore

/// The face that other programs see draws what the command draws.
@Suite struct LibraryTests {
    private let folder = TestBundle.fixtures
    private let file: [UInt8]

    init() throws {
        let pixels = (0..<64 * 48 * 3).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        file = try encodePNG(Picture(width: 64, height: 48, channels: 3, pixels: pixels))
    }

    private func path(_ checkpoint: String, _ type: WeightType = .f32) throws -> String {
        try TestBundle.path(checkpoint, type: type)
    }

    @Test func everythingBesideAModelIsTaken() throws {
        let lora = try LoRA(bundle: path(folder + "/lora/kohya.safetensors"), scale: 0.8)
        let vae = try path("\(TestBundle.root)/Tests/Fixtures/tiny-taesd")
        let generator = try ImageGenerator(
            bundle: path(folder + "/tiny-pai"), loras: [lora], autoencoder: vae, threads: 2)
        var request = GenerationRequest(
            prompt: "熊猫", steps: 2, seed: 5, width: 64, height: 48, count: 2)
        let thresholds = try #require(OutlineThresholds(low: 100, high: 200))
        request.controls = [
            try ControlPicture(
                net: path(folder + "/controlnet"), file: file, outlines: thresholds, scale: 0.5)
        ]
        var stages: Set<Progress.Stage> = []
        let images = try generator.generate(request) { stages.insert($0.stage) }
        #expect(images.map(\.seed) == [5, 6] && stages == [.text, .denoise, .decode])
        #expect(try generator.memoryPlan(for: request).stages.map(\.stage).count == 3)

        let model = try DiffusionBundle(path: path(folder + "/tiny-pai"))
            .drawing(with: Bundle.open(vae)).adding([lora])
        let painter = TextToImage(model, on: Executor(threads: 2))
        let outlines = try decodePicture(file).picture.outlines(low: 100, high: 200)
        request.controls = [
            try ControlPicture(
                Bundle.open(path(folder + "/controlnet")), outlines, scale: 0.5)
        ]
        var pictures: [Picture] = []
        try painter.run(try painter.plan(request)) { pictures.append($0.picture) }
        #expect(images.map(\.rgb) == pictures.map(\.pixels))
        #expect(try decodePicture(images[0].png()).picture == pictures[0])
    }

    @Test(arguments: [(-1, 5), (6, 5), (0, 10_001)])
    func senselessThresholdsAreNone(low: Int, high: Int) {
        #expect(OutlineThresholds(low: low, high: high) == nil)
    }
}

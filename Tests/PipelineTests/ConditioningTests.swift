import Models
import Pictures
import Quantizer
import Tensors
import Testing
import WeightStore

@testable import Pipeline

/// U-Nets that see more than latents: small ones with random weights, in the place of tiny-pai's.
@Suite struct ConditioningTests {
    private static let base = "tiny-pai"
    private let executor = Executor(threads: 2)

    private func model(unet: String) throws -> DiffusionBundle {
        try InstructionSet.selectFromEnvironment()
        return try DiffusionBundle(
            path: TestBundle.path(
                try TestBundle.checkpoint(Self.base, unet: unet), type: .f32))
    }

    @Test(arguments: TestBundle.presentFiles(["inpaint-9ch", "depth-5ch"]))
    func unetMatchesDiffusers(fixture: String) throws {
        let unet = try model(unet: fixture + "/unet").unet()
        let file = try SafetensorsFile(
            path: "\(TestBundle.fixtures)/\(fixture)/unet-expected.safetensors")
        let output = unet(
            try file.tensor("in", in: executor.workspace), timesteps: [321],
            context: try file.tokens("context", in: executor.workspace), on: executor)
        expectClose(
            output.planarValues, try file.floats("unet.t321.out"), below: 1e-5, "\(fixture) U-Net")
    }

    @Test(arguments: TestBundle.presentFiles(["inpaint-9ch"]))
    func pictureUnderAMaskMatchesDiffusers(fixture: String) throws {
        try expectInpainting(
            fixture, with: TextToImage(try model(unet: fixture + "/unet"), on: executor))
    }

    /// Without a picture all of it is painted; with part of the strength the picture is begun with.
    @Test(arguments: TestBundle.presentFiles(["inpaint-9ch"]))
    func aModelForMasksDrawsWithoutOne(fixture: String) throws {
        let painter = TextToImage(try model(unet: fixture + "/unet"), on: executor)
        var request = GenerationRequest(prompt: "熊猫", steps: 2, width: 64, height: 48)
        var pictures: [Picture] = []
        for strength in [nil, 0.5, 1] {
            request.initial = try strength.map {
                InitialPicture(
                    try readPicture("\(TestBundle.fixtures)/\(fixture)/image.png"), strength: $0)
            }
            try painter.run(try painter.plan(request)) { pictures.append($0.picture) }
        }
        #expect(pictures.count == 3)
        #expect(pictures[0] != pictures[1])
        // All of it is painted anew, so it does not matter what it was.
        #expect(pictures[0] == pictures[2])
    }

    @Test(arguments: TestBundle.presentFiles(["depth-5ch"]))
    func drawingFollowsTheDepthMap(fixture: String) throws {
        let painter = TextToImage(try model(unet: fixture + "/unet"), on: executor)
        var request = GenerationRequest(prompt: "熊猫", steps: 2, width: 64, height: 48)
        #expect(throws: PipelineError.self) { try painter.plan(request) }
        var pictures: [Picture] = []
        for flip in [false, true] {
            let grays = (0..<32 * 24).map { UInt8($0 % 32 * 8) }
            request.depthMap = DepthMap(
                Picture(width: 32, height: 24, channels: 1, pixels: flip ? grays.reversed() : grays)
            )
            try painter.run(try painter.plan(request)) { pictures.append($0.picture) }
        }
        #expect(pictures.count == 2 && pictures[0] != pictures[1])
    }

    @Test func aDepthMapForAnotherModelIsRefused() throws {
        let painter = TextToImage(
            try DiffusionBundle(path: TestBundle.path(EmojiTests.checkpoint, type: .int8)),
            on: executor)
        let flat = Picture(width: 8, height: 8, channels: 1, pixels: Array(repeating: 9, count: 64))
        let request = GenerationRequest(prompt: "熊猫", depthMap: DepthMap(flat))
        #expect(throws: PipelineError.self) { try painter.plan(request) }
    }

    /// What torch 2.13 gives: `interpolate(size=(2, 3), mode="bicubic")`, then −1 to 1.
    @Test func depthIsResampledAsTorchDoes() throws {
        let grays = (0..<5 * 7).map { UInt8(truncatingIfNeeded: $0 * $0 * 3) }
        let map = DepthMap(Picture(width: 7, height: 5, channels: 1, pixels: grays))
        let wanted: [Float] = [0.02051163, -1, 0.6111182, 0.1735599, 0.4059302, 1]
        let found = map.latents(width: 3, height: 2)
        #expect(zip(found, wanted).allSatisfy { abs($0 - $1) < 1e-5 }, "\(found)")
        let flat = Picture(width: 4, height: 4, channels: 1, pixels: Array(repeating: 7, count: 16))
        #expect(DepthMap(flat).latents(width: 2, height: 2) == [-1, -1, -1, -1])
    }
}

import Pictures
import Quantizer
import Tensors
import Testing
import WeightStore

@testable import Models
@testable import Pipeline

/// ControlNets beside tiny-pai's U-Net.
@Suite struct ControlNetTests {
    private let executor = Executor(threads: 2)
    private let folder = "\(TestBundle.fixtures)/controlnet"

    private func model(type: WeightType = .f32) throws -> DiffusionBundle {
        try InstructionSet.selectFromEnvironment()
        return try DiffusionBundle(
            path: TestBundle.path("\(TestBundle.fixtures)/tiny-pai", type: type))
    }

    private func control(_ picture: Picture, scale: Double = 1) throws -> ControlPicture {
        try ControlPicture(
            Bundle.open(TestBundle.path(folder, type: .f32)), picture, scale: scale)
    }

    private let gray = Picture(
        width: 64, height: 48, channels: 3,
        pixels: (0..<64 * 48 * 3).map { UInt8(truncatingIfNeeded: $0 &* 7) })

    @Test func residualsAndUNetMatchDiffusers() throws {
        let model = try model()
        let net = try control(gray).net(for: model)
        let inputs = try SafetensorsFile(
            path: "\(TestBundle.fixtures)/tiny-pai/expected.safetensors")
        let expected = try SafetensorsFile(path: folder + "/expected.safetensors")
        let sample = try inputs.tensor("unet.in", in: executor.workspace)
        let context = try inputs.tokens("unet.context", in: executor.workspace)
        let hint = net.hint(try expected.tensor("hint", in: executor.workspace), on: executor)

        let names = (0..<net.channels.count).map { "down.\($0)" } + ["mid"]
        let zeros = try names.map { name in
            let like = try expected.tensor(name, in: executor.workspace).shape
            return Tensor(
                Array(repeating: 0, count: like.count), shape: like, in: executor.workspace)
        }
        // Upstream's residuals are scaled already.
        let control = Control(net, hint: hint, scale: 0.8)
        let found = control.add(
            to: Array(zeros.dropLast()), zeros[zeros.count - 1], sample, timesteps: [500, 500],
            context: context, on: executor)
        for (name, residual) in zip(names, found.skips + [found.middle]) {
            expectClose(
                residual.planarValues, try expected.floats(name), below: 1e-5,
                "controlnet residuals")
        }

        let output = try model.unet()(
            sample, timesteps: [500, 500], context: context,
            controls: [control], on: executor)
        expectClose(
            output.planarValues, try expected.floats("unet.t500.out"), below: 1e-5,
            "controlnet U-Net")
    }

    @Test(arguments: [1.0, 5.0]) func drawingFollowsThePictureAsMuchAsAsked(guidance: Double) throws
    {
        let painter = TextToImage(try model(), on: executor)
        var request = GenerationRequest(
            prompt: "熊猫", steps: 2, guidance: guidance, width: 64, height: 48)
        var pictures: [Picture] = []
        let controls = try [
            [], [control(gray, scale: 0)], [control(gray)], [control(gray, scale: 0.5)],
            [control(gray, scale: 0.5), control(gray, scale: 0.5)],
        ]
        for some in controls {
            request.controls = some
            let plan = try painter.plan(request)
            try painter.run(plan) { pictures.append($0.picture) }
            #expect(executor.workspace.bytesInUse == 0)
        }
        #expect(pictures[0] == pictures[1])
        #expect(pictures[0] != pictures[2] && pictures[2] != pictures[3])
        #expect(largestDifference(pictures[2], pictures[4]) <= 1)
        let text = painter.parameters(of: try painter.plan(request), seed: 0).text
        #expect(
            GenerationParameters(parsing: text)["ControlNet 1"] == "Model: controlnet, Weight: 0.5")
    }

    @Test func aNetForAnotherModelIsRefused() throws {
        let emoji = TextToImage(
            try DiffusionBundle(path: TestBundle.path(EmojiTests.checkpoint, type: .int8)),
            on: executor)
        var request = GenerationRequest(prompt: "熊猫")
        request.controls = [try control(gray)]
        #expect(throws: PipelineError.self) { try emoji.plan(request) }
        #expect(throws: PipelineError.self) { _ = try control(gray, scale: -1) }
        #expect(throws: PipelineError.self) {
            _ = try ControlPicture(
                Bundle.open(TestBundle.path(EmojiTests.checkpoint, type: .int8)), gray, scale: 1)
        }
    }
}

import Layers
import Models
import Quantizer
import Tensors
import TestSupport
import Testing
import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The upscalers, from the published files through the quantizer to pictures, against torch.
@Suite struct UpscalerTests {
    /// A checkpoint, the picture that torch made with it, and how close float32 must come.
    struct Case: CustomTestStringConvertible, Sendable {
        let checkpoint: String
        let golden: String
        var tolerance = 1e-5
        var testDescription: String {
            checkpoint.split(separator: "/").last.map(String.init) ?? checkpoint
        }
    }

    private static let root = repositoryRoot(above: #filePath)
    private static let fixtures = root + "/Tests/Fixtures/esrgan"

    /// One small network under its three published namings, in both of torch's containers.
    static let published = [
        "rrdb-trunk-legacy.pth", "esrgan-2018-names.pth", "basicsr-params-ema.pth",
    ].map { Case(checkpoint: "\(fixtures)/\($0)", golden: fixtures + "/rrdb-expected.safetensors") }

    /// A small network of the other kind.
    static let compact = [
        Case(
            checkpoint: fixtures + "/srvgg-compact.pth",
            golden: fixtures + "/srvgg-expected.safetensors")
    ]

    /// Small networks that enlarge twofold and not at all.
    static let unshuffling = [
        Case(
            checkpoint: fixtures + "/rrdb-x2.safetensors",
            golden: fixtures + "/rrdb-x2-golden.safetensors"),
        Case(
            checkpoint: fixtures + "/rrdb-x1.safetensors",
            golden: fixtures + "/rrdb-x1-golden.safetensors"),
    ]

    private static let trainedNames = ["realesr-animevideov3-x4", "realesrgan-x4plus-anime"]

    /// The networks that the demo enlarges its pictures with.
    static let trained = trainedNames.map { name in
        Case(
            checkpoint: "\(root)/Models/checkpoints/\(name).safetensors",
            golden: "\(fixtures)/\(name)-golden.safetensors")
    }

    /// Larger pictures, made with the same networks before their weights were rounded to float16, if
    /// the folder that `INKSTONE_FIXTURES` names has them.
    static let unrounded = trainedNames.compactMap { name -> Case? in
        let folder = getenv("INKSTONE_FIXTURES").map { String(cString: $0) } ?? root
        let golden = "\(folder)/esrgan/\(name)-expected.safetensors"
        guard access(golden, R_OK) == 0 else { return nil }
        return Case(
            checkpoint: "\(root)/Models/checkpoints/\(name).safetensors", golden: golden,
            tolerance: 2e-4)
    }

    @Test(arguments: published + compact + unshuffling + trained + unrounded)
    func float32MatchesTorch(_ test: Case) throws {
        let (output, expected) = try enlarge(test, type: .f32)
        #expect(relativeError(output, expected) < test.tolerance)
    }

    @Test(arguments: published + compact + trained + unrounded)
    func int8StaysClose(_ test: Case) throws {
        let (output, expected) = try enlarge(test, type: .int8)
        #expect(peakSignalToNoise(output, expected) >= 40)
    }

    /// Runs a case's network on its input; both results are in planar order.
    private func enlarge(
        _ test: Case, type: WeightType
    ) throws -> (output: [Float], expected: [Float]) {
        try InstructionSet.selectFromEnvironment()
        let network = try upscaler(test.checkpoint, type: type)
        let golden = try SafetensorsFile(path: test.golden)
        let shape = try golden.requiredEntry("input").shape
        let executor = Executor(threads: 2)
        let input = Tensor(
            planar: try golden.floats("input"),
            shape: Shape(images: shape[0], height: shape[2], width: shape[3], channels: shape[1]),
            in: executor.workspace)
        let output = network(input, on: executor)
        #expect(output.shape.height == shape[2] * network.scale)
        #expect(output.shape.width == shape[3] * network.scale)
        return (output.planarValues, try golden.floats("output"))
    }

    private func upscaler(_ checkpoint: String, type: WeightType) throws -> any Upscaler {
        try withTemporaryFolder { folder in
            let path = folder + "/bundle"
            _ = try Conversion.open(checkpoint, recipe: QuantizationRecipe(type: type))
                .write(to: path)
            let bundle = try Bundle.open(path)
            let stage = try bundle.stage("upscaler")
            return try makeUpscaler(
                className: stage.className, configuration: stage.config,
                weights: WeightReader(try bundle.weights("upscaler")))
        }
    }
}

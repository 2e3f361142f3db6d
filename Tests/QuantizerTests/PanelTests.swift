import Quantizer
import TestSupport
import Testing
import WeightStore

/// One compact network through a bundle: an odd number of channels everywhere.
private struct Written {
    let stage: Stage
    let weights: WeightFile
    private let scratch: Scratch

    init(features: Int, type: WeightType, keep: [String] = []) throws {
        let configuration: JSONObject = [
            "num_in_ch": 3, "num_out_ch": 3, "num_feat": .integer(Int64(features)),
            "num_conv": 1, "upscale": 2, "act_type": "prelu",
        ]
        let expected = try Architecture.compactNet.expectedTensors(configuration, path: "test")
        var random = SeededGenerator(seed: UInt64(features))
        var numbers: [String: [Float]] = [:]
        for tensor in expected.tensors {
            numbers[tensor.name] = (0..<tensor.count).map { _ in
                Float(Float16.random(in: -1...1, using: &random))
            }
        }
        let source = MemorySource(expected) { numbers[$0]?[$1] ?? .nan }
        stage = try Stage(
            kind: .upscaler, architecture: .compactNet, configuration: configuration,
            configurationPath: "test", source: source)
        let recipe = QuantizationRecipe(
            type: type, exceptions: try keep.map { try QuantizationRecipe.Exception($0) })
        let conversion = Conversion(
            stages: [stage], tokenizer: nil,
            description: BundleDescription(name: "test", family: "upscaler"), recipe: recipe)
        scratch = try Scratch()
        _ = try conversion.write(to: scratch.file("out"))
        weights = try Bundle.open(scratch.file("out")).weights("upscaler")
    }

    /// Element (n, ky, kx, c) by the formulas of docs/bundle-format.md.
    func element(_ tensor: StoredTensor, _ n: Int, _ ky: Int, _ kx: Int, _ c: Int) throws -> Float {
        let shape = tensor.shape
        let channels = tensor.type == .i8 ? (shape[1] + 3) / 4 * 4 : shape[1]
        let k = (ky * shape[3] + kx) * channels + c
        if tensor.type == .i8 {
            let blocks = tensor.storedShape[1]
            let at = ((n / 8 * blocks + k / 4) * 8 + n % 8) * 4 + k % 4
            let scales = try weights.tensor(tensor.name + "_scale").bytes
            return Float(tensor.bytes.load(fromByteOffset: at, as: Int8.self))
                * scales.load(fromByteOffset: 4 * n, as: Float.self)
        }
        let at = (n / 16 * tensor.storedShape[1] + k) * 16 + n % 16
        return tensor.type == .f16
            ? Float(tensor.bytes.load(fromByteOffset: 2 * at, as: Float16.self))
            : tensor.bytes.load(fromByteOffset: 4 * at, as: Float.self)
    }

    /// The largest difference to the source, in steps of the row's scale where it is int8.
    func largestDifference(_ name: String) throws -> Float {
        let tensor = try weights.tensor(name)
        let shape = tensor.shape
        let source = try stage.source.read(name)
        var largest: Float = 0
        var at = 0
        for n in 0..<shape[0] {
            var step: Float = 1
            if tensor.type == .i8 {
                let scales = try weights.tensor(name + "_scale").bytes
                step = scales.load(fromByteOffset: 4 * n, as: Float.self)
            }
            for c in 0..<shape[1] {
                for ky in 0..<shape[2] {
                    for kx in 0..<shape[3] {
                        let difference = try element(tensor, n, ky, kx, c) - source[at]
                        largest = max(largest, abs(difference) / step)
                        at += 1
                    }
                }
            }
        }
        return largest
    }
}

@Suite struct PanelTests {
    @Test(arguments: [1, 4, 7, 8, 9, 15, 16, 17, 20])
    func floatPanelsHoldEveryWeightWhereTheFormatSays(features: Int) throws {
        for type in [WeightType.f32, .f16] {
            let written = try Written(features: features, type: type)
            for name in ["body.0.weight", "body.2.weight", "body.4.weight"] {
                #expect(try written.weights.tensor(name).layout == .panel16)
                #expect(try written.largestDifference(name) == 0, "\(name) in \(type)")
            }
        }
    }

    /// Half a step is what rounding costs. A clipped weight may be further off: at most a range that
    /// ends at 85 % of the largest, which is 127 · (1 / 0.85 − 1) = 22.4 steps.
    @Test(arguments: [1, 4, 7, 8, 9, 15, 16, 17, 20])
    func int8PanelsHoldEveryWeightWhereTheFormatSays(features: Int) throws {
        let written = try Written(features: features, type: .int8, keep: ["*=int8"])
        for name in ["body.0.weight", "body.2.weight", "body.4.weight"] {
            #expect(try written.weights.tensor(name).layout == .panel4x8)
            #expect(try written.largestDifference(name) < 23)
        }
    }

    @Test func fillingIsZero() throws {
        let written = try Written(features: 9, type: .int8, keep: ["*=int8"])
        let tensor = try written.weights.tensor("body.2.weight")
        // 9 outputs in two panels of 8, 9 taps of 12 channels in 27 blocks, 28 with the filling.
        #expect(tensor.storedShape == [2, 28, 8, 4])
        for (at, byte) in tensor.bytes.enumerated() {
            let (row, k) = (at / 4 % 8, at / 32 % 28 * 4 + at % 4)
            let isFilling = at / 896 * 8 + row >= 9 || k >= 108 || k % 12 >= 9
            if isFilling { #expect(byte == 0) }
            #expect(byte != 0x80, "−128 is outside of the range")
        }
        let scales = try written.weights.tensor("body.2.weight_scale")
        #expect(scales.layout == .padded)
        #expect(scales.bytes.count == 64)
    }

    @Test func vectorsKeepTheirBits() throws {
        let written = try Written(features: 20, type: .int8)
        for name in ["body.0.bias", "body.1.weight", "body.3.weight"] {
            let tensor = try written.weights.tensor(name)
            let numbers = Array(tensor.bytes.bindMemory(to: Float.self))
            #expect(tensor.type == .f32)
            #expect(Array(numbers.prefix(20)) == (try written.stage.source.read(name)))
            #expect(numbers.dropFirst(20).allSatisfy { $0 == 0 })
        }
    }

    @Test func aRowOfZerosAndTinyWeightsHaveUsableScales() throws {
        let configuration: JSONObject = [
            "num_in_ch": 4, "num_out_ch": 4, "num_feat": 8, "num_conv": 1, "upscale": 1,
        ]
        let expected = try Architecture.compactNet.expectedTensors(configuration, path: "test")
        let rows: [Float] = [0, 1e-38, 1e-20, 1, 1e20, 3e38, -1, .leastNonzeroMagnitude]
        let stage = try Stage(
            kind: .upscaler, architecture: .compactNet, configuration: configuration,
            configurationPath: "test",
            source: MemorySource(expected) { name, index in
                name == "body.2.weight" ? rows[index / 72] * (index % 2 == 0 ? 1 : -0.5) : 0
            })
        let scratch = try Scratch()
        let conversion = Conversion(
            stages: [stage], tokenizer: nil,
            description: BundleDescription(name: "test", family: "upscaler"),
            recipe: QuantizationRecipe(type: .int8))
        _ = try conversion.write(to: scratch.file("out"))
        let weights = try Bundle.open(scratch.file("out")).weights("upscaler")
        let scales = try weights.tensor("body.2.weight_scale").bytes.bindMemory(to: Float.self)
        for (scale, row) in zip(scales, rows) {
            #expect(scale.isFinite && scale >= 0)
            // What is quantised at all comes back within a step.
            if abs(row) > 1e-30 { #expect(abs(scale * 127 - abs(row)) <= abs(row) * 0.16) }
        }
    }
}

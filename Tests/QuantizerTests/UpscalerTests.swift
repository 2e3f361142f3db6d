import Quantizer
import Testing
import WeightStore

@Suite struct UpscalerTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func bundle(_ file: String, type: WeightType = .f32) throws -> Bundle {
        let path = scratch.file("\(file)-\(type)")
        _ = try Conversion.open(fixture(file), recipe: QuantizationRecipe(type: type))
            .write(to: path)
        return try Bundle.open(path)
    }

    /// 2018's names, those before BasicSR in torch's old container, BasicSR's under `params_ema`
    /// beside zeros, and with the prefix of parallel training.
    @Test(arguments: [WeightType.f32, .f16, .int8])
    func allNamingsGiveTheSameBytes(type: WeightType) throws {
        let files = [
            "rrdb.safetensors", "names-2018.pth", "trunk-legacy.pth", "basicsr.pth",
            "module-prefix.pth",
        ]
        let stages = try files.map { try bundle($0, type: type).stage("upscaler") }
        for (stage, file) in zip(stages, files) {
            #expect(stage == stages[0], "\(file)")
        }
        #expect(stages[0].className == "RRDBNet")
        #expect(
            stages[0].config == [
                "num_in_ch": 3, "num_out_ch": 3, "num_feat": 4, "num_block": 2, "num_grow_ch": 4,
                "scale": 4,
            ])
    }

    @Test func pixelUnshuffleIsSeenInTheInputChannels() throws {
        let stage = try bundle("x2.pth").stage("upscaler")
        #expect(stage.config["scale"] == 2)
        #expect(stage.config["num_in_ch"] == 3)
        #expect(stage.config["num_block"] == 1)
    }

    @Test func theCompactNetworkIsRecognised() throws {
        let bundle = try bundle("compact.pth", type: .int8)
        let stage = try bundle.stage("upscaler")
        #expect(bundle.family == "upscaler")
        #expect(stage.className == "SRVGGNetCompact")
        #expect(
            stage.config == [
                "num_in_ch": 3, "num_out_ch": 3, "num_feat": 8, "num_conv": 2, "upscale": 2,
                "act_type": "prelu",
            ])
        let weights = try bundle.weights("upscaler")
        let types = try ["body.0.weight", "body.2.weight", "body.4.weight", "body.6.weight"].map {
            try weights.tensor($0).type
        }
        #expect(types == [.f16, .i8, .i8, .f16])
    }

    @Test func tensorsStandInTheOrderOfTheirUse() throws {
        let names = try bundle("rrdb.safetensors").weights("upscaler").names
        #expect(
            names.prefix(3) == ["conv_first.weight", "conv_first.bias", "body.0.rdb1.conv1.weight"])
        #expect(names.suffix(2) == ["conv_last.weight", "conv_last.bias"])
    }

    /// Tensors without a number in them can have any extent.
    @Test(arguments: [
        [
            "body.0.weight": [0, .max, 3, 3], "body.2.weight": [.max, 0, 3, 3],
            "body.4.weight": [0, 0, 3, 3],
        ],
        [
            "conv_first.weight": [0, 3, 3, 3], "conv_last.weight": [.max, 0, 3, 3],
            "body.0.rdb1.conv1.weight": [0, 0, 3, 3],
        ],
    ])
    func extentsThatNoLayerHasAreRefused(shapes: [String: [Int]]) throws {
        let header = JSONObject(
            shapes.sorted { $0.key < $1.key }.map { name, shape in
                let extents = shape.map { JSONValue.integer(Int64($0)) }
                return (name, ["dtype": "F32", "shape": .array(extents), "data_offsets": [0, 0]])
            }
        ).serialized()
        let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
        let path = try scratch.write("empty.safetensors", length + header)
        expectError("empty.safetensors") {
            _ = try Conversion.open(path, recipe: QuantizationRecipe(type: .f32))
        }
    }

    @Test func otherFilesAreNoUpscalers() {
        let recipe = QuantizationRecipe(type: .f32)
        expectError("views.pth", "not an upscaler") {
            _ = try Conversion.open(fixture("views.pth"), recipe: recipe)
        }
        expectError("--upscaler") {
            _ = try Conversion.open(
                fixture("x2.pth"), recipe: recipe,
                hints: .init(upscaler: fixture("compact.pth")))
        }
    }
}

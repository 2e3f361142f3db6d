import Models
import Layers
import Quantizer
import Tensors
import Testing
import WeightStore

@testable import Pipeline

/// Chinese-CLIP's text encoder, alone: it hides what fills a prompt up.
@Suite struct ChineseCLIPTests {
    static let folder = "\(TestBundle.fixtures)/chinese-clip-text"
    static let isPresent =
        !TestBundle.presentFiles(["chinese-clip-text/config.json"]).isEmpty

    static func encoder(type: WeightType) throws -> BertModel {
        try InstructionSet.selectFromEnvironment()
        let configuration = try JSONObject.load(folder + "/config.json")
        let stage = try Stage(
            kind: .textEncoder, architecture: .chineseCLIPTextModel, configuration: configuration,
            configurationPath: folder + "/config.json",
            source: try openCheckpoint(folder + "/model.safetensors"))
        let path = try TestBundle.folder(named: "chinese-clip-\(type.rawValue)")
        _ = try Conversion(
            stages: [stage], tokenizer: nil,
            description: BundleDescription(name: "text", family: "stable-diffusion"),
            recipe: QuantizationRecipe(type: type)
        ).write(to: path, overwrite: true)
        return try BertModel(
            kind: .chineseCLIP, configuration: configuration,
            weights: WeightReader(try Bundle.open(path).weights("text_encoder")))
    }

    @Test(.enabled(if: Self.isPresent))
    func hiddenStatesMatchTransformers() throws {
        let encoder = try Self.encoder(type: .f32)
        #expect(encoder.promptLength == 52)
        let file = try SafetensorsFile(path: Self.folder + "/expected.safetensors")
        let ids = try file.integers("ids").map(Int32.init)
        let hidden = encoder([Array(ids[..<52]), Array(ids[52...])], on: Executor(threads: 2))
        expectClose(
            hidden.values, try file.floats("hidden"), below: 1e-5, "chinese-clip-text text")
    }
}

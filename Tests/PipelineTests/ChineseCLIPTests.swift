import Models
import Layers
import Quantizer
import Tensors
import Testing
import WeightStore

@testable import Pipeline

/// Chinese-CLIP's text encoder, alone: it hides what fills a prompt up.
@Suite struct ChineseCLIPTests {
    private let folder = "\(TestBundle.fixtures)/chinese-clip-text"

    private func encoder() throws -> BertModel {
        try InstructionSet.selectFromEnvironment()
        let configuration = try JSONObject.load(folder + "/config.json")
        let stage = try Stage(
            kind: .textEncoder, architecture: .chineseCLIPTextModel, configuration: configuration,
            configurationPath: folder + "/config.json",
            source: try openCheckpoint(folder + "/model.safetensors"))
        let path = try TestBundle.folder(named: "chinese-clip")
        _ = try Conversion(
            stages: [stage], tokenizer: nil,
            description: BundleDescription(name: "text", family: "stable-diffusion"),
            recipe: QuantizationRecipe(type: .f32)
        ).write(to: path, overwrite: true)
        return try BertModel(
            kind: .chineseCLIP, configuration: configuration,
            weights: WeightReader(try Bundle.open(path).weights("text_encoder")))
    }

    @Test(.enabled(if: !TestBundle.presentFiles(["chinese-clip-text/config.json"]).isEmpty))
    func hiddenStatesMatchTransformers() throws {
        let encoder = try encoder()
        #expect(encoder.promptLength == 52)
        let file = try SafetensorsFile(path: folder + "/expected.safetensors")
        let ids = try file.integers("ids").map(Int32.init)
        let hidden = encoder([Array(ids[..<52]), Array(ids[52...])], on: Executor(threads: 2))
        #expect(relativeError(hidden.values, try file.floats("hidden")) < 1e-5)
    }
}

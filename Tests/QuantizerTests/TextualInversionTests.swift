import Testing
import WeightStore

@testable import Quantizer

/// Textual inversions as they are published.
@Suite struct TextualInversionTests {
    private let recipe = QuantizationRecipe(type: .int8)

    private func source(_ name: String, _ shape: [Int]) -> MemorySource {
        MemorySource([CheckpointTensor(name: name, type: .f32, shape: shape)]) { _, index in
            Float(index)
        }
    }

    @Test(arguments: [
        ("<cat-toy>", [8], "<cat-toy>", 1), ("<cat-toy>", [2, 8], "<cat-toy>", 2),
        ("emb_params", [3, 8], "poem", 3), ("*", [1, 8], "poem", 1),
    ])
    func vectorsAndTheirWord(name: String, shape: [Int], word: String, count: Int) throws {
        let conversion = try Conversion.open(
            source(name, shape), recipe: recipe, hints: .init(name: "poem"))
        #expect(conversion.description.family == "textual-inversion")
        let stage = try #require(conversion.stages.first)
        #expect(stage.configuration["word"]?.string == word)
        let tensor = try #require(stage.expected.tensors.first)
        #expect(tensor.shape == [count, 8] && tensor.name == "emb_params")
        #expect(try stage.read(tensor) == (0..<count * 8).map(Float.init))
        // A table is never quantized.
        #expect(recipe.type(of: tensor, in: stage) == .f16)
    }

    /// What AUTOMATIC1111's web interface writes.
    @Test func aTorchFileOfTheWebInterface() throws {
        let conversion = try Conversion.open(fixture("embedding.pt"), recipe: recipe)
        let stage = try #require(conversion.stages.first)
        #expect(stage.configuration["word"]?.string == "embedding")
        #expect(
            try stage.read(try #require(stage.expected.tensors.first)) == [0, 1, 2, 3, 4, 5, 6, 7])
    }

    @Test(arguments: [
        ("conv.weight", [4, 8]), ("emb_params", [2, 3, 4]), ("emb_params", [999, 8]),
    ])
    func otherFilesAreNone(name: String, shape: [Int]) {
        #expect(throws: QuantizerError.self) {
            try Conversion.open(source(name, shape), recipe: recipe)
        }
    }
}

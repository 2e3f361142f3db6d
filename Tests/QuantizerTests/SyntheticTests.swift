import Quantizer
import Testing
import WeightStore

@Suite struct SyntheticTests {
    private let scratch: Scratch
    private let recipe = QuantizationRecipe(type: .f32)

    init() throws { scratch = try Scratch() }

    @Test func aSyntheticModelIsABundleLikeAnyOther() throws {
        _ = try Conversion.synthetic(.tiny, seed: 0, recipe: recipe).write(to: scratch.file("a"))
        let bundle = try Bundle.open(scratch.file("a"))
        let real = try Conversion.open(checkpoint("tiny-pai"), recipe: recipe)
        for stage in real.stages {
            let weights = try bundle.weights(stage.kind.rawValue)
            #expect(weights.names == stage.expected.tensors.map(\.name))
            for tensor in stage.expected.tensors {
                #expect(try weights.tensor(tensor.name).shape == tensor.shape)
            }
        }
        #expect(bundle.scheduler?["_class_name"] == "DDIMScheduler")
        let folder = try #require(bundle.tokenizerFolder)
        let vocabulary = String(decoding: try readFile(folder + "/vocab.txt"), as: UTF8.self)
        let tokens = vocabulary.split(separator: "\n").map(String.init)
        #expect(Array(tokens.prefix(5)) == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
        #expect(tokens.count <= 21128 && Set(tokens).count == tokens.count)
        #expect(Set(tokens).isSuperset(of: ["a", "##a", "0", ",", "熊", "猫"]))
    }

    @Test func seedsDecideEverything() throws {
        func numbers(_ seed: UInt64) throws -> [Float] {
            let stage = try Conversion.synthetic(.tiny, seed: seed, recipe: recipe).stages[1]
            return try stage.source.read("mid_block.resnets.0.conv1.weight")
        }
        #expect(try numbers(1) == numbers(1))
        #expect(try numbers(1) != numbers(2))
    }

    @Test func weightsKeepActivationsInRange() throws {
        let stage = try Conversion.synthetic(.tiny, seed: 5, recipe: recipe).stages[1]
        let weights = try stage.source.read("mid_block.resnets.0.conv1.weight")
        // 64 × 64 × 9 numbers: their variance is within 2 % of 1 / inputs at four deviations.
        let inputs = 64.0 * 9
        let variance = weights.reduce(0) { $0 + Double($1) * Double($1) } / Double(weights.count)
        #expect(abs(variance * inputs - 1) < 0.03)
        let mean = weights.reduce(0) { $0 + Double($1) } / Double(weights.count)
        #expect(abs(mean) < 4 / (inputs * Double(weights.count)).squareRoot())
        #expect(try stage.source.read("conv_norm_out.weight") == [Float](repeating: 1, count: 32))
        #expect(try stage.source.read("conv_norm_out.bias") == [Float](repeating: 0, count: 32))
    }
}

import Layers
import Models
import Quantizer
import Samplers
import Tensors
import Testing
import Tokenizers
import WeightStore

@testable import Pipeline

/// How a prompt is taken apart: what counts more, what is too long, which words were taught.
@Suite struct PromptTests {
    private let executor = Executor(threads: 2)

    // MARK: Weights

    private static let bracketed: [(String, [(String, Double)])] = [
        ("熊猫", [("熊猫", 1.0)]),
        ("a (b) c", [("a ", 1.0), ("b", 1.1), (" c", 1.0)]),
        ("a ((b)) c", [("a ", 1.0), ("b", 1.21), (" c", 1.0)]),
        ("(熊猫:1.3)，竹林", [("熊猫", 1.3), ("，竹林", 1.0)]),
        ("[b]", [("b", 1 / 1.1)]),
        ("(a (b:2) c)", [("a ", 1.1), ("b", 2.2), (" c", 1.1)]),
        ("(a [b] c:1.5)", [("a ", 1.5), ("b", 1.5 / 1.1), (" c", 1.5)]),
        (#"\(a\) \[b\] \\"#, [(#"(a) [b] \"#, 1.0)]),
        ("a (b", [("a (b", 1.0)]),
        ("a) :-) [b", [("a) :-) [b", 1.0)]),
        ("((a)", [("(", 1.0), ("a", 1.1)]),
        ("(a: 0.5 )", [("a", 0.5)]),
        ("(a:b)", [("a:b", 1.1)]),
        ("a:1.3)", [("a:1.3)", 1.0)]),
        ("（熊猫：1.3）", [("（熊猫：1.3）", 1.0)]),
        ("(:1.3)", []),
        ("", []),
    ]

    /// What `parse_prompt_attention` of AUTOMATIC1111's web interface gives, for brackets that close.
    @Test(arguments: bracketed)
    func bracketsSayWhatCounts(prompt: String, wanted: [(String, Double)]) throws {
        let found = try weightedTexts(prompt)
        #expect(found.map(\.text) == wanted.map(\.0))
        for (text, pair) in zip(found, wanted) { #expect(abs(text.weight - pair.1) < 1e-12) }
    }

    @Test(arguments: ["(a:11)", "(a:-10.5)", "((a:9):9)"])
    func weightsHaveBounds(prompt: String) {
        #expect(throws: PipelineError.self) { try weightedTexts(prompt) }
    }

    @Test func manyBracketsTakeNoTime() throws {
        let deep =
            String(repeating: "[", count: 10_000) + "a" + String(repeating: "]", count: 10_000)
        #expect(try weightedTexts(deep).count == 1)
        #expect(try weightedTexts(String(repeating: "(:", count: 10_000)).count == 1)
    }

    // MARK: Contexts

    private func model() throws -> DiffusionBundle {
        try InstructionSet.selectFromEnvironment()
        return try DiffusionBundle(
            path: TestBundle.path("\(TestBundle.fixtures)/tiny-pai", type: .f32))
    }

    private func tokens(
        _ prompt: String, long: Bool = false, plain: Bool = false, model: DiffusionBundle? = nil
    ) throws -> RequestTokens {
        let model = try model ?? self.model()
        let request = GenerationRequest(
            prompt: prompt, isLongPrompt: long, isPlainPrompt: plain, guidance: 1)
        return try model.tokens(of: request, for: try model.textEncoder())
    }

    private func hidden(
        _ prompt: String, plain: Bool = false, model: DiffusionBundle? = nil
    ) throws -> [Float] {
        let model = try model ?? self.model()
        let tokens = try tokens(prompt, plain: plain, model: model)
        return try model.textEncoder().context(of: tokens, on: executor).values
    }

    @Test func weightsOfOneChangeNothing() throws {
        #expect(try hidden("(熊猫:1)，竹林") == hidden("熊猫，竹林"))
        #expect(try hidden("(熊猫)", plain: true) != hidden("熊猫"))
    }

    /// Hidden states lie on the line from those of a prompt without words.
    @Test func weightsMoveHiddenStates() throws {
        let width = try model().textEncoder().width
        let usual = try hidden("熊猫，竹林")
        let empty = try hidden("")
        let weighted = try hidden("(熊猫:1.5)，竹林")
        for index in usual.indices {
            let isWeighted = (1...2).contains(index / width)
            let wanted =
                isWeighted ? empty[index] + 1.5 * (usual[index] - empty[index]) : usual[index]
            #expect(abs(weighted[index] - wanted) < 1e-5)
        }
    }

    @Test func whatDoesNotFitIsNamed() throws {
        let words = String(repeating: "山", count: 29)
        let cut = try tokens(words + "(水:1.2)江[南]")
        #expect(cut.prompts[0].sequences.map(\.count) == [32])
        #expect(cut.warnings.count == 1)
        #expect(cut.warnings.first?.contains("江南") == true)
        #expect(try tokens(words).warnings.isEmpty)
    }

    /// Slices as PAI's web interface makes them: one begin, one end, the last one short, each encoded by
    /// itself, and the negative prompt as long as the prompt.
    @Test func longPromptsAreEncodedInSlices() throws {
        let model = try model()
        let encoder = try model.textEncoder()
        let tokenizer = try model.tokenizer(defaultLength: 32)
        let prompt = String(repeating: "山水，", count: 12)
        let request = GenerationRequest(
            prompt: prompt, negativePrompt: "雨", isLongPrompt: true)
        let tokens = try model.tokens(of: request, for: encoder)
        let ids = [tokenizer.beginID] + tokenizer.tokens(prompt) + [tokenizer.endID]
        let negative =
            [tokenizer.beginID] + tokenizer.tokens("雨") + [tokenizer.endID]
            + Array(repeating: tokenizer.paddingID, count: 35)
        #expect(tokens.prompts.map { Array($0.sequences.joined()) } == [negative, ids])
        #expect(tokens.prompts[1].sequences.map(\.count) == [32, 6])
        #expect(tokens.warnings.isEmpty)
        let context = encoder.context(of: tokens, on: executor)
        #expect(context.shape.images == 2 && context.shape.pixels == 38)
        let wanted = [negative, ids].flatMap { ids in
            encoder([Array(ids[..<32])], on: executor).values
                + encoder([Array(ids[32...])], on: executor).values
        }
        #expect(relativeError(context.values, wanted) < 1e-6)
        // A prompt that fits is encoded as ever.
        #expect(try self.tokens("熊猫", long: true).prompts == self.tokens("熊猫").prompts)
    }

    @Test func aLongPromptIsDrawn() throws {
        let painter = TextToImage(try model(), on: executor)
        let request = GenerationRequest(
            prompt: String(repeating: "山水，", count: 12), isLongPrompt: true, steps: 2,
            width: 64, height: 64)
        var pictures = 0
        try painter.run(try painter.plan(request)) { _ in pictures += 1 }
        #expect(pictures == 1)
    }

    // MARK: Textual inversion

    /// A word whose vectors are those of known tokens is as good as those.
    @Test func aTaughtWordIsItsVectors() throws {
        let plain = try model()
        let path = "\(TestBundle.fixtures)/tiny-pai/text_encoder/model.safetensors"
        let ids = try plain.tokenizer(defaultLength: 32).tokens("熊猫")
        let bundle = try Bundle.open(
            try inversionBundle(word: "<panda>", rows: ids, ofTableIn: path))
        let model = try plain.adding([TextualInversion(bundle)])
        #expect(
            try hidden("一只<panda>，竹林", model: model) == hidden("一只熊猫，竹林"))
        #expect(
            try hidden("一只(<panda>:1.3)", model: model) == hidden("一只(熊猫:1.3)"))
        // It does not fit in part.
        let cut = try tokens(String(repeating: "山", count: 29) + "<panda>", model: model)
        #expect(cut.warnings.first?.contains("<panda>") == true)
        #expect(throws: PipelineError.self) { try model.adding([TextualInversion(bundle)]) }
    }

    /// A bundle made by the quantizer from diffusers' kind of file.
    private func inversionBundle(
        word: String, rows: [Int32], ofTableIn path: String
    ) throws -> String {
        let source = try openCheckpoint(path)
        let table = try #require(
            source.tensors.first { $0.name.hasSuffix("token_embedding.weight") })
        let numbers = try source.read(table.name)
        let width = table.shape[1]
        let vectors = rows.flatMap { numbers[Int($0) * width..<(Int($0) + 1) * width] }
        let folder = try TestBundle.folder(named: "inversion")
        let file = folder + ".safetensors"
        try writeSafetensors(
            [.init(name: word, shape: [rows.count, width], floats: vectors)], to: file)
        _ = try Conversion.open(file, recipe: QuantizationRecipe(type: .f32)).write(to: folder)
        return folder
    }
}

import Testing
import Tokenizers
import WeightStore

/// The ids that transformers 5.23 gave; `Fixtures/tokenizers/generate.py` wrote them.
@Suite struct GoldenTests {
    private static let golden = Result { try JSONValue.load("\(fixtures)/tokenizers/golden.json") }

    /// Settings other than the checkpoints have, and the ids they lead to.
    struct Variant: CustomTestStringConvertible {
        let json: JSONValue
        var testDescription: String { text("folder") + ", " + text("name") }

        func text(_ key: String) -> String { json[key]?.string ?? "?" }

        static let all = (try? golden.get()["variants"]?.array)?.map(Variant.init) ?? []
    }

    private func ids(_ json: JSONValue) throws -> [Int32] {
        try #require(json.array).map { Int32(try #require($0.int)) }
    }

    @Test(arguments: zip(Kind.allCases, [1, 2]))
    func idsMatchTransformers(kind: Kind, column: Int) throws {
        let cases = try #require(Self.golden.get()["prompts"]?.array)
        #expect(cases.count > 200)
        let tokenizer = try kind.load()
        for json in cases {
            let row = try #require(json.array)
            let text = try #require(row[0].string)
            let expected = try ids(row[column])
            #expect(tokenizer.tokens(text) == expected, "\(escaped(text))")
        }
    }

    @Test(arguments: Variant.all)
    func settingsMeanWhatTheyMeanToTransformers(variant: Variant) throws {
        let kind = try #require(Kind(rawValue: variant.text("folder")))
        let files = try #require(variant.json["files"]?.object).map { name, content in
            (name, String(decoding: content.serialized(), as: UTF8.self))
        }
        let folder = try TokenizerFolder(kind, Dictionary(uniqueKeysWithValues: files))
        let tokenizer = try folder.load()
        #expect(Int(tokenizer.paddingID) == variant.json["padding"]?.int)
        for json in try #require(variant.json["prompts"]?.array) {
            let row = try #require(json.array)
            let text = try #require(row[0].string)
            let expected = try ids(row[1])
            #expect(tokenizer.tokens(text) == expected, "\(escaped(text))")
        }
    }

    @Test func noVariantIsMissing() {
        #expect(Variant.all.count == 14)
    }
}

/// Every scalar beyond ASCII as its number.
func escaped(_ text: String) -> String {
    text.unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
}

import Testing
import Tokenizers

/// Framing, padding and cutting.
@Suite struct EncodingTests {
    @Test func shortPromptsArePadded() throws {
        let words = try Kind.wordPiece.load().encode("熊猫", length: 6)
        #expect(words.ids == [101, 4220, 4344, 102, 0, 0])
        #expect(words.contentCount == 2)
        #expect(words.truncatedText == nil)
        let pairs = try Kind.bytePair.load().encode("a cat", length: 7)
        #expect(pairs.ids == [49406, 320, 2368, 49407, 0, 0, 0])
    }

    @Test(arguments: Kind.allCases) func emptyPromptsAreFramed(kind: Kind) throws {
        let tokenizer = try kind.load()
        let (begin, end) = (tokenizer.beginID, tokenizer.endID)
        let encoded = tokenizer.encode("", length: 3)
        #expect(encoded.ids == [begin, end, tokenizer.paddingID])
        #expect(tokenizer.encode("熊猫", length: 2).ids == [begin, end])
        #expect(tokenizer.tokens("").isEmpty)
    }

    @Test func longPromptsAreCutBeforeTheEnd() throws {
        let encoded = try Kind.wordPiece.load().encode("一只可爱的熊猫，水墨画。", length: 8)
        #expect(encoded.ids == [101, 671, 1372, 1377, 4263, 4638, 4220, 102])
        #expect(encoded.contentCount == 12)
        #expect(encoded.truncatedText == "猫，水墨画。")
    }

    @Test func promptsThatJustFitAreNotCut() throws {
        let tokenizer = try Kind.wordPiece.load()
        let fitting = tokenizer.encode("熊猫熊猫", length: 6)
        #expect(fitting.ids == [101, 4220, 4344, 4220, 4344, 102])
        #expect(fitting.truncatedText == nil)
        let cut = tokenizer.encode("熊猫熊猫 ", length: 5)
        #expect(cut.ids == [101, 4220, 4344, 4220, 102])
        #expect(cut.truncatedText == "猫 ")
    }

    @Test(arguments: [
        ("a Red panda", "panda"), ("a RED  photograph", "photograph"),
        ("a CAFE\u{301} É\u{301}x", "É\u{301}x"),
        ("[SEP] a [SEP]b", "[SEP]b"), ("\u{200B} İİ x", "x"),
    ])
    func theCutIsToldInTheWordsOfThePrompt(prompt: String, rest: String) throws {
        for kind in Kind.allCases {
            let tokenizer = try kind.load()
            let all = tokenizer.tokens(prompt)
            let kept = tokenizer.tokens(String(prompt.dropLast(rest.count)))
            try #require(kept.count < all.count)
            let encoded = tokenizer.encode(prompt, length: kept.count + 2)
            #expect(encoded.truncatedText == rest)
        }
    }

    @Test func aCutInsideAWordIsToldByItsPiece() throws {
        let tokenizer = try Kind.bytePair.load()
        #expect(tokenizer.tokens("zzyzx熊猫").count == 9)
        let encoded = tokenizer.encode("zzyzx熊猫", length: 7)
        // 熊 has three tokens here: what is cut begins with the character, not with its third byte.
        #expect(encoded.truncatedText == "熊猫")
        #expect(encoded.ids.count == 7)
    }

    @Test(
        arguments: Kind.allCases,
        [
            "a", "é", "熊", "\u{301}", "\u{1161}", "'", " ", "<|", "[SEP]", "İ", "abcdefgh ",
            "👨\u{200D}👩",
        ])
    func hugePromptsAreCut(kind: Kind, piece: String) throws {
        let tokenizer = try kind.load()
        let prompt = String(repeating: piece, count: 100_000 / piece.unicodeScalars.count)
        let encoded = tokenizer.encode(prompt, length: 77)
        #expect(encoded.ids.count == 77)
        #expect(encoded.ids.first == tokenizer.beginID)
        #expect((encoded.truncatedText != nil) == (encoded.contentCount > 75))
    }

    /// Comparing each mark with all before it would take minutes.
    @Test(.timeLimit(.minutes(1)), arguments: ["\u{323}\u{301}", "\u{F73}"])
    func manyMarksAreSortedQuickly(marks: String) throws {
        #if DEBUG
            let count = 50_000
        #else
            let count = 500_000
        #endif
        let tokenizer = try Kind.bytePair.load()
        let encoded = tokenizer.encode("a" + String(repeating: marks, count: count), length: 77)
        #expect(encoded.contentCount > count)
    }
}

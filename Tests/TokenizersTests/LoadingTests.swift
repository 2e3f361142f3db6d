import Testing
import Tokenizers
import WeightStore

/// Which folders are taken, and what is said of the others.
@Suite struct LoadingTests {
    private static let words = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ncat\n##s\n猫\n"
    private static let pairs =
        #"{"a": 0, "t</w>": 1, "at</w>": 2, "!": 3, "!</w>": 4, "#
        + #""<|startoftext|>": 5, "<|endoftext|>": 6}"#
    private static let merges = "#version: 0.2\na t</w>\n"

    private func wordFolder(_ vocabulary: String, _ files: [String: String] = [:]) throws
        -> TokenizerFolder
    {
        try TokenizerFolder(files.merging(["vocab.txt": vocabulary]) { first, _ in first })
    }

    private func pairFolder(_ vocabulary: String, _ merges: String) throws -> TokenizerFolder {
        try TokenizerFolder(["vocab.json": vocabulary, "merges.txt": merges])
    }

    @Test func smallVocabulariesLoad() throws {
        let words = try wordFolder(Self.words).load()
        #expect(words.tokens("Cats 猫 dog") == [5, 6, 7, 1])
        #expect(words.encode("cat", length: 5).ids == [2, 5, 3, 0, 0])
        let pairs = try pairFolder(Self.pairs, Self.merges).load()
        #expect(pairs.tokens("at !a") == [2, 4, 6])
        #expect(pairs.encode("at", length: 4).ids == [5, 2, 6, 6])
    }

    @Test func lineEndsOfOtherSystemsAreNoPartOfTokens() throws {
        let dos = Self.words.split(separator: "\n").joined(separator: "\r\n")
        #expect(try wordFolder(dos).load().tokens("cats") == [5, 6])
        let blank = Self.words + " \n\u{3000}\n\ndog\u{A0}"
        #expect(try wordFolder(blank).load().tokens("dog cat") == [11, 5])
    }

    @Test func theClassIsNamedOrFoundByTheFiles() throws {
        let config = #"{"tokenizer_class": "CLIPTokenizerFast"}"#
        let folder = try TokenizerFolder([
            "vocab.json": Self.pairs, "merges.txt": Self.merges, "vocab.txt": Self.words,
            "tokenizer_config.json": config,
        ])
        #expect(try folder.load().beginID == 5)
        #expect(try folder.load("BertTokenizer").beginID == 2)
        expectRefusal(of: folder, "\"T5Tokenizer\"", "BertTokenizer", className: "T5Tokenizer")
        expectRefusal(of: try TokenizerFolder(), "vocab.txt", "merges.txt")
        expectRefusal(of: try TokenizerFolder(), "vocab.txt", className: "BertTokenizer")
        expectRefusal(
            of: try pairFolder(Self.pairs, Self.merges), "vocab.txt", className: "BertTokenizer")
    }

    @Test(arguments: [
        ("512", 32), ("16", 16), ("1000000000000000019884624838656", 32), ("1e30", 32),
        ("null", 32),
    ])
    func lengthsBeyondTheEncoderAreCut(written: String, length: Int) throws {
        let config = #"{"model_max_length": \#(written)}"#
        let folder = try wordFolder(Self.words, ["tokenizer_config.json": config])
        #expect(try folder.load(defaultLength: 32).maximumLength == length)
    }

    @Test func encodersWithoutRoomForContentAreRefused() throws {
        let folder = try wordFolder(Self.words, ["tokenizer_config.json": "{}"])
        #expect(try folder.load(defaultLength: 3).maximumLength == 3)
        #expect(throws: TokenizerError.self) { try folder.load(defaultLength: 2) }
    }

    @Test(arguments: [
        (#"{"model_max_length": 2}"#, "\"model_max_length\""),
        (#"{"model_max_length": 7.5}"#, "\"model_max_length\""),
        (#"{"model_max_length": "77"}"#, "a string"),
        (#"{"do_lower_case": "yes"}"#, "\"do_lower_case\""),
        (#"{"padding_side": "left"}"#, "\"padding_side\""),
        (#"{"pad_token": 0}"#, "\"pad_token\""),
        (#"{"pad_token": {"content": 1}}"#, "\"pad_token\""),
        (#"{"added_tokens_decoder": {"x": "y"}}"#, "\"x\""),
        (#"{"additional_special_tokens": "x"}"#, "a list"),
        ("{", "byte 1"), ("[]", "an object"),
    ])
    func wrongSettingsAreNamed(config: String, part: String) throws {
        let folder = try wordFolder(Self.words, ["tokenizer_config.json": config])
        expectRefusal(of: folder, "tokenizer_config.json", part)
    }

    @Test func wrongMapsAreNamed() throws {
        for name in ["special_tokens_map.json", "added_tokens.json"] {
            let folder = try wordFolder(Self.words, [name: #"{"pad_token": []}"#])
            expectRefusal(of: folder, name, "\"pad_token\"", "an array")
        }
    }

    @Test(arguments: ["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    func missingSpecialTokensAreNamed(token: String) throws {
        let vocabulary = Self.words.replacing(token, with: "other")
        expectRefusal(of: try wordFolder(vocabulary), "vocab.txt", "\"\(token)\"", "vocabulary")
        let map = #"{"pad_token": "<none>"}"#
        let folder = try wordFolder(Self.words, ["special_tokens_map.json": map])
        expectRefusal(of: folder, "pad_token", "<none>")
    }

    @Test func aVocabularyWithoutMaskIsTaken() throws {
        let folder = try wordFolder(Self.words.replacing("[MASK]", with: "[other]"))
        #expect(try folder.load().tokens("[MASK]") == [1, 1, 1])
    }

    @Test func damagedWordListsAreRefused() throws {
        expectRefusal(of: try wordFolder(""), "vocab.txt", "no token")
        expectRefusal(of: try wordFolder("\n\n \n"), "vocab.txt", "no token")
        expectRefusal(of: try wordFolder(Self.words + "cat\n"), "line 9", "\"cat\"", "twice")
        let folder = try wordFolder(Self.words)
        try folder.write("vocab.txt", Array(Self.words.utf8) + [0x61, 0xFF, 0x0A])
        expectRefusal(of: folder, "line 9", "UTF-8")
    }

    @Test func damagedPairVocabulariesAreRefused() throws {
        func refuse(_ old: String, _ new: String, _ part: String) throws {
            let folder = try pairFolder(Self.pairs.replacing(old, with: new), Self.merges)
            expectRefusal(of: folder, "vocab.json", part)
        }
        try refuse(": 6", ": 7", "from 0 to 6, found 7")
        try refuse(": 6", ": -1", "found -1")
        try refuse(": 6", ": 5", "5 is there twice")
        try refuse(": 6", ": 1.5", "a number")
        try refuse(": 6", ": {}", "an object")
        try refuse("\"at</w>\"", "\"a\"", "twice")
        try refuse("<|startoftext|>", "start", "<|startoftext|>")
        try refuse("}", "", "JSON")
        expectRefusal(of: try pairFolder("{}", Self.merges), "no token")
        let folder = try pairFolder(Self.pairs, Self.merges)
        try folder.write("vocab.json", [0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x30, 0x7D])
        expectRefusal(of: folder, "vocab.json", "UTF-8")
    }

    @Test func damagedMergesAreRefused() throws {
        func refuse(_ merges: String, _ parts: String...) throws {
            let folder = try pairFolder(Self.pairs, Self.merges + merges)
            for part in parts { expectRefusal(of: folder, "merges.txt", "line 3", part) }
        }
        try refuse("a\n", "two tokens")
        try refuse("\na t</w>\n", "two tokens")
        try refuse("a  t</w>\n", "two tokens")
        try refuse(" a\n", "two tokens")
        try refuse("a x\n", "\"x\"", "not in the vocabulary")
        try refuse("a a\n", "\"aa\"")
        try refuse("a a a\n", "two tokens")
        let folder = try TokenizerFolder(["vocab.json": Self.pairs])
        expectRefusal(of: folder, "merges.txt")
    }

    @Test func messagesShowNoControlCharacters() throws {
        let folder = try wordFolder(Self.words + "\u{1B}[31m\n\u{1B}[31m\n")
        let error = #expect(throws: TokenizerError.self) { try folder.load() }
        #expect(error?.description.contains("\u{1B}") == false)
    }
}

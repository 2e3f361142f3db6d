import Testing
import Tokenizers
import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The folder of the test data.
let fixtures =
    #filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" } + "/Fixtures"

/// The kinds of vocabulary among the test data, by the checkpoint that has them.
enum Kind: String, CaseIterable {
    case wordPiece = "tiny-pai"
    case bytePair = "tiny-sd2"

    var folder: String { "\(fixtures)/\(rawValue)/tokenizer" }

    var vocabularyFiles: [String] {
        switch self {
        case .wordPiece: ["vocab.txt"]
        case .bytePair: ["vocab.json", "merges.txt"]
        }
    }

    /// The tokenizer, loaded once a run.
    func load() throws -> any Tokenizer {
        switch self {
        case .wordPiece: try Self.wordPieces.get()
        case .bytePair: try Self.bytePairs.get()
        }
    }

    private static let wordPieces = Result { try loaded(.wordPiece) }
    private static let bytePairs = Result { try loaded(.bytePair) }

    private static func loaded(_ kind: Kind) throws -> any Tokenizer {
        try loadTokenizer(folder: kind.folder, defaultLength: 77)
    }
}

/// A tokenizer folder that goes away with its owner.
final class TokenizerFolder {
    let path: String
    private var names: [String] = []

    /// With these files only.
    init(_ files: [String: String] = [:]) throws {
        var template = Array("/tmp/tokenizer-XXXXXX".utf8CString)
        path = try #require(mkdtemp(&template).map { String(cString: $0) })
        for (name, text) in files { try write(name, Array(text.utf8)) }
    }

    /// With the vocabulary of the test data and these files.
    convenience init(_ kind: Kind, _ files: [String: String] = [:]) throws {
        try self.init(files)
        for name in kind.vocabularyFiles where files[name] == nil {
            #expect(symlink("\(kind.folder)/\(name)", "\(path)/\(name)") == 0)
            names.append(name)
        }
    }

    deinit {
        for name in names { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        try AtomicFile.writeAtomically(bytes, to: "\(path)/\(name)")
        names.append(name)
    }

    func load(_ className: String? = nil, defaultLength: Int = 77) throws -> any Tokenizer {
        try loadTokenizer(folder: path, className: className, defaultLength: defaultLength)
    }
}

/// Expects that the folder is refused with a message that has all of `parts`.
func expectRefusal(
    of folder: TokenizerFolder, _ parts: String..., className: String? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let error = #expect(throws: TokenizerError.self, sourceLocation: sourceLocation) {
        try folder.load(className)
    }
    let message = error?.description ?? ""
    for part in [folder.path] + parts {
        #expect(message.contains(part), "\(message)", sourceLocation: sourceLocation)
    }
}

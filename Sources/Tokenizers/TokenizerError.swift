package import WeightStore

/// Why a tokenizer could not be made from a folder.
package enum TokenizerError: Error, Equatable, CustomStringConvertible {
    /// A file cannot be read, or is no JSON where it must be.
    case file(WeightError)
    /// The folder is for a kind of tokenizer that is not known here.
    case unsupportedClass(folder: String, found: String)
    /// The folder holds neither kind of vocabulary.
    case noVocabulary(folder: String)
    /// A key of a configuration file is not what it must be.
    case setting(path: String, key: String, expected: String, found: String)
    /// A vocabulary or merges file is damaged; `place` says where in it.
    case vocabulary(path: String, place: String, problem: String)
    /// A special token that every prompt needs has no id.
    case missingToken(path: String, role: String, token: String)

    package var description: String {
        switch self {
        case .file(let error):
            error.description
        case .unsupportedClass(let folder, let found):
            "\(printable(folder)): the tokenizer class is \"\(printable(found))\", expected "
                + "BertTokenizer or CLIPTokenizer"
        case .noVocabulary(let folder):
            "\(printable(folder)) holds no tokenizer: expected vocab.txt (BertTokenizer) or "
                + "vocab.json and merges.txt (CLIPTokenizer)"
        case .setting(let path, let key, let expected, let found):
            "\(printable(path)): \"\(printable(key))\": expected \(expected), "
                + "found \(printable(found))"
        case .vocabulary(let path, let place, let problem):
            "\(printable(path)), \(printable(place)): \(printable(problem)); fetch the file again"
        case .missingToken(let path, let role, let token):
            "\(printable(path)): the \(role) \"\(printable(token))\" is not in the vocabulary; "
                + "the files of this tokenizer do not belong together"
        }
    }
}

/// Runs `body`, telling WeightStore's errors as this target's.
func fromFile<Result>(
    _ body: () throws(WeightError) -> Result
) throws(TokenizerError) -> Result {
    do { return try body() } catch { throw .file(error) }
}

import WeightStore

/// The tokenizers that come with the program, for checkpoints that have none.
enum ShippedTokenizer: String {
    /// CLIP's byte pairs.
    case clip
    /// The word pieces of BERT's Chinese model.
    case bertChinese = "bert-base-chinese"

    init(vocabularySize: Int, path: String) throws(QuantizerError) {
        switch vocabularySize {
        case 49408: self = .clip
        case 21128: self = .bertChinese
        default:
            throw .option(
                "\(path): its text encoder has \(vocabularySize) tokens, which is no tokenizer's "
                    + "that comes with the program: give the folder of its own with --tokenizer")
        }
    }

    func folder() throws(QuantizerError) -> String {
        let places = modelFolders().map { "\($0)/tokenizers/\(rawValue)" }
        guard let folder = places.first(where: exists) else {
            throw .option(
                "the tokenizer \(rawValue) that comes with the program was not found in "
                    + "\(places.joined(separator: ", ")): give a folder with --tokenizer")
        }
        return folder
    }
}

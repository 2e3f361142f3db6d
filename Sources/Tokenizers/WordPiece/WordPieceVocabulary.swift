/// Reads `vocab.txt`: one token a line, the id is the line's number from 0.
func readWordPieces(_ path: String) throws(TokenizerError) -> Vocabulary {
    let lines = try readLines(path)
    guard lines.contains(where: { !$0.isEmpty }) else {
        throw .vocabulary(path: path, place: "line 1", problem: "no token in the file")
    }
    var vocabulary = Vocabulary(path: path, capacity: lines.count)
    for (index, line) in lines.enumerated() {
        let isNew = vocabulary.insert(line, id: Int32(index))
        // Lines of white space stand for no token, and some published files have several.
        guard isNew || line.isEmpty else {
            let token = String(decoding: line, as: UTF8.self)
            throw .vocabulary(
                path: path, place: "line \(index + 1)", problem: "\"\(token)\" is there twice")
        }
    }
    return vocabulary
}

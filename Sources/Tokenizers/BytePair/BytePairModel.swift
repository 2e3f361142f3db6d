import WeightStore

/// The merges of a byte-pair vocabulary, by the ids of their halves.
struct BytePairModel {
    /// The id of each byte inside a word.
    private let byteIDs: [Int32]
    /// The id of each byte that ends a word.
    private let finalByteIDs: [Int32]
    /// By rank, the id that a merge makes.
    private let mergedIDs: [Int32]
    /// The rank of a merge by its two ids, the left one in the upper half.
    private let ranks: [UInt64: Int32]

    /// Reads the merges and resolves them in the vocabulary.
    /// - Parameter unknownID: stands for bytes that the vocabulary lacks.
    init(
        _ vocabulary: Vocabulary, mergesPath: String, unknownID: Int32
    ) throws(TokenizerError) {
        let spellings = byteSpellings()
        byteIDs = spellings.map { vocabulary.id(of: $0) ?? unknownID }
        finalByteIDs = spellings.map { vocabulary.id(of: $0 + "</w>") ?? unknownID }
        var merged: [Int32] = []
        var ranks: [UInt64: Int32] = [:]
        let lines = try readLines(mergesPath)
        merged.reserveCapacity(lines.count)
        ranks.reserveCapacity(lines.count)
        for (index, line) in lines.enumerated() where !isHeader(line) {
            let merge: Merge
            do {
                merge = try Merge(line, in: vocabulary)
            } catch {
                throw .vocabulary(
                    path: mergesPath, place: "line \(index + 1)", problem: error.problem)
            }
            ranks[pairKey(merge.left, merge.right)] = Int32(merged.count)
            merged.append(merge.merged)
        }
        mergedIDs = merged
        self.ranks = ranks
    }

    /// Appends the tokens of one word.
    /// - Parameter word: scratch, kept between words so that they need not allocate.
    func appendTokens(
        of text: ArraySlice<TracedScalar>, to tokens: inout [Token], _ word: inout BytePairWord
    ) {
        word.load(text, byteIDs, finalByteIDs)
        word.merge(ranks, mergedIDs)
        word.appendTokens(to: &tokens)
    }
}

/// The key of two ids side by side.
func pairKey(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
}

/// How `vocab.json` spells each byte: printable Latin letters for themselves, for the others the
/// scalars from U+0100 on.
/// - Source: GPT-2's `bytes_to_unicode`.
private func byteSpellings() -> [String] {
    var next: UInt32 = 0x100
    return (UInt32(0)..<256).map { byte in
        switch byte {
        case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return spelling(byte)
        default:
            next += 1
            return spelling(next - 1)
        }
    }
}

private func spelling(_ value: UInt32) -> String {
    Unicode.Scalar(value).map { String($0) } ?? ""
}

/// One line of `merges.txt`, as ids.
private struct Merge {
    struct Failure: Error {
        let problem: String
    }

    let left: Int32
    let right: Int32
    let merged: Int32

    init(_ line: ArraySlice<UInt8>, in vocabulary: Vocabulary) throws(Failure) {
        let space = UInt8(ascii: " ")
        guard let middle = line.firstIndex(of: space), middle > line.startIndex,
            middle < line.endIndex - 1, !line[(middle + 1)...].contains(space)
        else {
            throw Failure(problem: "expected two tokens with a space between them")
        }
        let joined = [UInt8](line[..<middle] + line[(middle + 1)...])
        let half = middle - line.startIndex
        left = try Merge.id(joined, 0..<half, vocabulary)
        right = try Merge.id(joined, half..<joined.count, vocabulary)
        merged = try Merge.id(joined, 0..<joined.count, vocabulary)
    }

    private static func id(
        _ bytes: [UInt8], _ range: Range<Int>, _ vocabulary: Vocabulary
    ) throws(Failure) -> Int32 {
        guard let id = vocabulary.id(of: bytes, in: range) else {
            let token = String(decoding: bytes[range], as: UTF8.self)
            throw Failure(problem: "\"\(token)\" is not in the vocabulary")
        }
        return id
    }
}

private func isHeader(_ line: ArraySlice<UInt8>) -> Bool {
    line.starts(with: "#version".utf8)
}

/// Reads `vocab.json`: tokens and their ids, which must be 0, 1, 2 … in any order.
func readBytePairVocabulary(_ path: String) throws(TokenizerError) -> Vocabulary {
    let object = try fromFile { () throws(WeightError) in try JSONObject.load(path) }
    var vocabulary = Vocabulary(path: path, capacity: object.count)
    var isTaken = [Bool](repeating: false, count: object.count)
    for (token, json) in object {
        guard let id = json.int, isTaken.indices.contains(id) else {
            let found = json.int.map(String.init) ?? json.kind
            throw .vocabulary(
                path: path, place: "token \"\(token)\"",
                problem: "expected an id from 0 to \(object.count - 1), found \(found)")
        }
        guard !isTaken[id], vocabulary.insert(token.utf8, id: Int32(id)) else {
            throw .vocabulary(
                path: path, place: "token \"\(token)\"", problem: "the id \(id) is there twice")
        }
        isTaken[id] = true
    }
    guard vocabulary.count > 0 else {
        throw .vocabulary(path: path, place: "top level", problem: "no token in the file")
    }
    return vocabulary
}

import WeightStore

/// The lines of a UTF-8 file, white space at their ends cut off.
func readLines(_ path: String) throws(TokenizerError) -> [ArraySlice<UInt8>] {
    let bytes = try fromFile { () throws(WeightError) in try readFile(path, limit: 64 << 20) }
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    for index in lines.indices {
        let line = lines[index]
        guard line.allSatisfy({ $0 < 0x80 }) || String(validating: line, as: UTF8.self) != nil
        else {
            throw .vocabulary(path: path, place: "line \(index + 1)", problem: "not UTF-8")
        }
        lines[index] = trimmed(line)
    }
    return lines
}

/// `line` without the white space at its end.
private func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var line = line
    while let last = line.last {
        switch last {
        case 0x09...0x0D, 0x20: line.removeLast()
        case ..<0x80: return line
        default:
            let scalar = String(decoding: line.suffix(4), as: UTF8.self).unicodeScalars.last
            guard let scalar, scalar.properties.isWhitespace else { return line }
            line.removeLast(scalar.utf8.count)
        }
    }
    return line
}

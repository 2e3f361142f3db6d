// How many columns of a terminal text takes: Chinese, Japanese and Korean characters take two.

/// The columns that `text` takes on one line; control characters take none.
package func displayWidth(_ text: String) -> Int {
    text.reduce(0) { $0 + displayWidth($1) }
}

/// The beginning of `text` that fits into `columns`, ending in ".." where something was cut off.
package func shortened(_ text: String, to columns: Int) -> String {
    guard displayWidth(text) > columns else { return text }
    let mark = columns < 4 ? "" : ".."
    var room = columns - mark.count
    var kept = ""
    for character in text {
        room -= displayWidth(character)
        guard room >= 0 else { break }
        kept.append(character)
    }
    return kept + mark
}

/// `text` as one line that cannot steer a terminal: line ends and tabs become blanks, other control
/// characters and those that turn the writing direction U+FFFD.
package func oneLine(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: \.steersTerminal) else { return text }
    var line = String.UnicodeScalarView()
    var previous: Unicode.Scalar = " "
    for scalar in text.unicodeScalars {
        defer { previous = scalar }
        switch scalar {
        case "\n" where previous == "\r": continue
        case "\n", "\r", "\t", "\u{2028}", "\u{2029}": line.append(" ")
        default: line.append(scalar.steersTerminal ? "\u{FFFD}" : scalar)
        }
    }
    return String(line)
}

private func displayWidth(_ character: Character) -> Int {
    let scalars = character.unicodeScalars
    // Variation selector 16 asks for the emoji form of a narrow sign.
    if scalars.count > 1, scalars.contains("\u{FE0F}"), scalars.first?.properties.isEmoji == true {
        return 2
    }
    return scalars.reduce(0) { max($0, displayWidth($1)) }
}

private func displayWidth(_ scalar: Unicode.Scalar) -> Int {
    if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F ? 0 : 1 }
    switch scalar.properties.generalCategory {
    case .control, .format, .nonspacingMark, .enclosingMark, .lineSeparator, .paragraphSeparator:
        return 0
    default:
        return scalar.isWide ? 2 : 1
    }
}

extension Unicode.Scalar {
    /// East Asian Width W or F.
    /// - Source: Unicode Standard Annex 11; blocks are taken whole, and emoji by their own
    ///   property.
    fileprivate var isWide: Bool {
        switch value {
        case 0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F,
            0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60,
            0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1D300...0x1D376,
            0x1F200...0x1F265, 0x20000...0x3FFFD:
            true
        default:
            properties.isEmojiPresentation
        }
    }

    fileprivate var steersTerminal: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: (0x202A...0x202E).contains(value) || (0x2066...0x2069).contains(value)
        }
    }
}

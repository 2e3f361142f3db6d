/// Classes of characters as the reference has them.
///
/// The `tokenizers` library, which transformers tokenizes with, looks characters up in tables of
/// different Unicode versions, and the standard library's version depends on the compiler. The age
/// of a scalar tells whether a table knows it.
extension Unicode.Scalar {
    /// True if this version of Unicode or an older one assigned the scalar.
    func isAssigned(inUnicode version: Int) -> Bool {
        guard let age = properties.age else { return false }
        return age.major <= version
    }

    /// True for what ASCII prints and is neither letter nor digit nor space.
    fileprivate var isASCIIPunctuation: Bool {
        switch value {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
        default: false
        }
    }
}

/// BERT's classes: the general categories of Unicode 8.
/// - Source: `tokenizers` 0.23, BertNormalizer and BertPreTokenizer; compared with it for every
///   scalar there is.
enum BERTCharacters {
    /// Characters that are dropped: controls but for tab and line ends, formats, private use and
    /// the replacement character. Unassigned ones stay.
    static func isDropped(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D, 0x20..<0x7F: return false
        case 0x00..<0x20, 0x7F..<0xA0, 0xFFFD: return true
        case 0x3000..<0xA4D0: return false
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .privateUse: return scalar.isAssigned(inUnicode: 8)
        default: return false
        }
    }

    /// Ideographs, each a word of its own.
    static func isIdeograph(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF: true
        // U+2B820–2B91F is missing in the reference, by an old slip of the pen.
        case 0x20000...0x2A6DF, 0x2A700...0x2B81F, 0x2B920...0x2CEAF, 0x2F800...0x2FA1F: true
        default: false
        }
    }

    /// Marks without width, which `strip_accents` drops.
    static func isAccent(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case ..<0x300, 0x3100..<0xA66F: return false
        // Their category has changed since Unicode 8.
        case 0x1734, 0x1171E: return true
        case 0x1885, 0x1886, 0xA9BD, 0x111C9: return false
        default: break
        }
        return scalar.properties.generalCategory == .nonspacingMark
            && scalar.isAssigned(inUnicode: 8)
    }

    /// Punctuation, each a word of its own.
    static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case ..<0x80: return scalar.isASCIIPunctuation
        case 0x3400..<0xA4D0, 0xAC00..<0xD7A4: return false
        // Their category has changed since Unicode 8.
        case 0x166D, 0x111C9: return true
        default: break
        }
        return scalar.properties.generalCategory.isPunctuation && scalar.isAssigned(inUnicode: 8)
    }
}

/// The classes of CLIP's pattern: the general categories of Unicode 16.
enum PatternClass {
    case letter
    case number
    case space
    case other

    /// - Source: `tokenizers` 0.23 with Oniguruma; compared with it for every scalar there is.
    init(_ scalar: Unicode.Scalar) {
        switch scalar.value {
        case 0x41...0x5A, 0x61...0x7A, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xAC00...0xD7A3:
            self = .letter
        case 0x30...0x39: self = .number
        case 0x09...0x0D, 0x20: self = .space
        case ..<0x80: self = .other
        default: self = PatternClass(properties: scalar.properties, of: scalar)
        }
    }

    private init(properties: Unicode.Scalar.Properties, of scalar: Unicode.Scalar) {
        let category = properties.generalCategory
        if properties.isWhitespace {
            self = .space
        } else if category.isLetter, scalar.isAssigned(inUnicode: 16) {
            self = .letter
        } else if category.isNumber, scalar.isAssigned(inUnicode: 16) {
            self = .number
        } else {
            self = .other
        }
    }
}

extension Unicode.GeneralCategory {
    /// The categories M*.
    var isMark: Bool {
        switch self {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }

    /// The categories P*.
    var isPunctuation: Bool {
        switch self {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation:
            true
        default: false
        }
    }

    /// The categories L*.
    var isLetter: Bool {
        switch self {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            true
        default: false
        }
    }

    /// The categories N*.
    var isNumber: Bool {
        switch self {
        case .decimalNumber, .letterNumber, .otherNumber: true
        default: false
        }
    }
}

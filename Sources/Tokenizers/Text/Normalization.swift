// String._nfc and _nfd: the normal forms, which the standard library needs to compare strings but
// offers under this name only.
@_spi(_Unicode) import Swift

/// The two normal forms that keep the meaning of every scalar.
enum NormalForm {
    /// NFC: é in one scalar.
    case composed
    /// NFD: é as e and an accent.
    case decomposed
}

/// `text` in a normal form, as Unicode 9 has it: scalars assigned later stand for themselves.
///
/// Where scalars were joined or changed places, each result is traced to one of its group.
/// - Source: Unicode Standard Annex #15; the version is that of the `tokenizers` library.
func normalized(_ text: [TracedScalar], _ form: NormalForm) -> [TracedScalar] {
    var result: [TracedScalar] = []
    result.reserveCapacity(text.count)
    var start = 0
    while start < text.count {
        var end = start + 1
        let first = text[start].scalar
        let isInert = isInert(first, form)
        if isInert || first.isAssigned(inUnicode: 9) {
            while end < text.count, mayAttach(text[end].scalar) { end += 1 }
        }
        if end == start + 1, isInert || !first.isAssigned(inUnicode: 9) {
            result.append(text[start])
        } else {
            appendNormalized(text[start..<end], form, to: &result)
        }
        start = end
    }
    return result
}

/// Appends one group: nothing in it has to do with what stands before or behind.
private func appendNormalized(
    _ group: ArraySlice<TracedScalar>, _ form: NormalForm, to result: inout [TracedScalar]
) {
    var index = group.startIndex
    func append(_ scalar: Unicode.Scalar) {
        result.append(group[index].replaced(by: scalar))
        index = min(index + 1, group.endIndex - 1)
    }
    switch form {
    case .composed: for scalar in decomposed(group)._nfc { append(scalar) }
    case .decomposed: for scalar in decomposed(group).unicodeScalars { append(scalar) }
    }
}

/// The decomposition of a group, its marks in canonical order.
///
/// The standard library's own ordering stops at marks of class 0 whose parts are of another
/// (U+0F73), and takes quadratic time; so it decomposes single scalars only.
private func decomposed(_ group: ArraySlice<TracedScalar>) -> String {
    var marks: [(order: UInt8, index: Int, scalar: Unicode.Scalar)] = []
    var text = ""
    func flush() {
        if marks.count > 1 { marks.sort { ($0.order, $0.index) < ($1.order, $1.index) } }
        for mark in marks { text.unicodeScalars.append(mark.scalar) }
        marks.removeAll(keepingCapacity: true)
    }
    for traced in group {
        for scalar in String(traced.scalar)._nfd {
            let order = scalar.properties.canonicalCombiningClass.rawValue
            if order == 0 { flush() }
            marks.append((order, marks.count, scalar))
        }
    }
    flush()
    return text
}

/// True for frequent scalars that no normalisation changes while nothing attaches to them.
private func isInert(_ scalar: Unicode.Scalar, _ form: NormalForm) -> Bool {
    switch scalar.value {
    case ..<0xC0, 0x3400..<0xA66F: true
    case 0xC0..<0x300, 0xAC00..<0xD7A4: form == .composed
    default: false
    }
}

/// True if a scalar may join, or change places with, what stands before it.
///
/// Those are marks and the vowels and final consonants of Hangul.
private func mayAttach(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case ..<0x300, 0x3100..<0xA66F, 0xAC00..<0xFB1E: return false
    case 0x1160..<0x1200: return true
    default: return scalar.properties.generalCategory.isMark && scalar.isAssigned(inUnicode: 9)
    }
}

/// `value` with `digits` digits behind the point, rounded to nearest.
func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return value.isInfinite ? "∞" : "–" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let whole = Int((abs(value) * scale).rounded())
    let sign = value < 0 && whole != 0 ? "-" : ""
    guard digits > 0 else { return sign + String(whole) }
    let fraction = String(whole % Int(scale))
    let zeros = String(repeating: "0", count: digits - fraction.count)
    return "\(sign)\(whole / Int(scale)).\(zeros)\(fraction)"
}

/// A size as people read it: `512 B`, `3.4 MB`, `1.72 GB`.
package func sizeText(_ bytes: Int) -> String {
    let value = Double(bytes)
    switch bytes {
    case ..<1000: return "\(bytes) B"
    case ..<1_000_000: return fixed(value / 1e3, 1) + " kB"
    case ..<1_000_000_000: return fixed(value / 1e6, 1) + " MB"
    default: return fixed(value / 1e9, 2) + " GB"
    }
}

/// `text` with spaces before or behind it up to `width` characters.
func padded(_ text: String, _ width: Int, right: Bool = false) -> String {
    let spaces = String(repeating: " ", count: max(0, width - text.count))
    return right ? spaces + text : text + spaces
}

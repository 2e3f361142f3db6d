// Quantities for people to read, the same in every locale.

/// `value` with so many digits (0 to 9) after the point, rounded half away from zero.
package func fixed(_ value: Double, decimals: Int) -> String {
    precondition((0...9).contains(decimals), "0 to 9 decimals")
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    let unit = (0..<decimals).reduce(Int64(1)) { unit, _ in unit * 10 }
    guard let scaled = Int64(exactly: (abs(value) * Double(unit)).rounded()) else {
        return String(value)
    }
    let sign = value < 0 && scaled > 0 ? "-" : ""
    let whole = String(scaled / unit)
    guard decimals > 0 else { return sign + whole }
    let rest = String(scaled % unit)
    return sign + whole + "." + String(repeating: "0", count: decimals - rest.utf8.count) + rest
}

/// A size in bytes: `512 B`, `2.40 KiB`, `61.5 MiB`, `1.26 GiB`.
package func readable(bytes: Int) -> String {
    guard bytes.magnitude >= 1024 else { return "\(bytes) B" }
    var value = Double(bytes)
    var unit = ""
    for next in ["KiB", "MiB", "GiB", "TiB"] where abs(value) >= 1023.5 || unit.isEmpty {
        value /= 1024
        unit = next
    }
    return threeDigits(value) + " " + unit
}

/// A time: `83 ms`, `1.23 s`, `12.3 s`, `2 min 05 s`, `1 h 02 min`.
package func readable(_ duration: Duration) -> String {
    let seconds = max(0, duration.inSeconds)
    if seconds < 0.9995 { return "\(Int((seconds * 1000).rounded())) ms" }
    if seconds < 59.95 { return threeDigits(seconds) + " s" }
    guard seconds < 1e15 else { return "forever" }
    let whole = Int(seconds.rounded())
    if whole < 3600 { return "\(whole / 60) min \(twoDigits(whole % 60)) s" }
    let minutes = Int((seconds / 60).rounded())
    return "\(minutes / 60) h \(twoDigits(minutes % 60)) min"
}

extension Duration {
    /// The duration in seconds.
    package var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}

private func threeDigits(_ value: Double) -> String {
    let magnitude = abs(value)
    return fixed(value, decimals: magnitude < 9.995 ? 2 : magnitude < 99.95 ? 1 : 0)
}

private func twoDigits(_ value: Int) -> String {
    value < 10 ? "0\(value)" : "\(value)"
}

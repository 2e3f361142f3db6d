import Quantizer

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A bar that is redrawn on a terminal; elsewhere one plain line for each tenth of the way.
struct ProgressDisplay {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let start = ContinuousClock.now
    private var lastDrawn: ContinuousClock.Instant?
    private var lastTenth = -1
    private var hasLine = false

    /// Shows how far the work is.
    mutating func show(_ progress: ConversionProgress) {
        let part = Double(progress.done) / Double(max(progress.total, 1))
        if isTerminal {
            let now = ContinuousClock.now
            if let lastDrawn, now - lastDrawn < .milliseconds(100) { return }
            lastDrawn = now
            complain("\r\(bar(part)) \(percent(part)) \(rest(part, now)) \(progress.stage)\u{1B}[K")
            hasLine = true
        } else if Int(part * 10) > lastTenth {
            lastTenth = Int(part * 10)
            complain("\(percent(part)) \(progress.stage)\n")
        }
    }

    /// Takes the bar away.
    mutating func finish() {
        if hasLine { complain("\r\u{1B}[K") }
        hasLine = false
    }

    private func bar(_ part: Double) -> String {
        let width = 30
        let filled = min(width, Int(part * Double(width)))
        return "[" + String(repeating: "#", count: filled)
            + String(repeating: "·", count: width - filled) + "]"
    }

    private func percent(_ part: Double) -> String {
        let text = "\(Int(part * 100))"
        return String(repeating: " ", count: 3 - text.count) + text + " %"
    }

    private func rest(_ part: Double, _ now: ContinuousClock.Instant) -> String {
        let elapsed = (now - start) / .seconds(1)
        guard elapsed > 1, part > 0.01 else { return "" }
        return "\(Int((elapsed / part * (1 - part)).rounded(.up))) s left,"
    }
}

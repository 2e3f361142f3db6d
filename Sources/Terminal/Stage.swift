/// One stage of a job: how far it is, since when, and how that looks.
struct Stage: Sendable {
    let name: String
    let total: Int
    private(set) var step: Int
    /// The step that the last printed line told.
    private(set) var printedStep: Int?
    private let firstStep: Int
    private let start: Duration
    private var time: Duration
    private var printedAt: Duration

    /// A stage that begins at `time` with `step` of `total` steps done.
    init(name: String, step: Int, total: Int, at time: Duration) {
        self.name = oneLine(name)
        self.total = total
        self.step = step
        self.firstStep = step
        self.start = time
        self.time = time
        self.printedAt = time
    }

    /// Says that `step` steps are done at `time`.
    mutating func advance(to step: Int, at time: Duration) {
        self.step = step
        self.time = time
    }

    /// Says that a line has told the present state.
    mutating func markPrinted() {
        printedStep = step
        printedAt = time
    }

    /// Whether something was done that no line has told.
    var hasNews: Bool { step != (printedStep ?? firstStep) }

    /// Whether a log should hear of the present state.
    var isDueForLine: Bool {
        if step == total { return printedStep != step }
        let tenths = Double(step - (printedStep ?? firstStep)) * 10
        return tenths >= Double(total) && time - printedAt >= .seconds(5)
    }

    /// Seconds that a step has taken on average; nil before one is done.
    private var secondsPerStep: Double? {
        guard step > firstStep else { return nil }
        return (time - start).inSeconds / Double(step - firstStep)
    }

    private var speed: String? {
        secondsPerStep.map { readable(.seconds($0)) + "/step" }
    }

    private var left: String? {
        guard let secondsPerStep, step < total else { return nil }
        let seconds = (secondsPerStep * Double(total - step)).rounded(.up)
        // Whole seconds: an estimate deserves no more.
        return (seconds < 60 ? "\(Int(seconds)) s" : readable(.seconds(seconds))) + " left"
    }

    /// `unet: 12/25, 830 ms/step, 11 s left`; at the end `unet: 25/25, 830 ms/step, took 20.8 s`.
    var plainLine: String {
        // A stage that was first heard of when it was over has no time to tell.
        let end = firstStep < step ? "took \(readable(time - start))" : "done"
        let took = step == total ? end : nil
        let parts = [total > 1 ? "\(step)/\(total)" : nil, total > 1 ? speed : nil, left, took]
        return name + ": " + parts.compactMap { $0 }.joined(separator: ", ")
    }

    /// The line for a terminal of that many free columns:
    ///
    ///     unet [######----] 12/25  830 ms/step  11 s left
    ///
    /// Too narrow a one loses the speed first, then the bar, then the time left; the stage's name
    /// is cut last.
    func line(columns: Int, colored: Bool) -> String {
        let count = "\(step)/\(total)"
        let ends = [[speed, left], [left], []].map { parts in
            ([count] + parts.compactMap { $0 }).joined(separator: "  ")
        }
        for end in ends.prefix(2) {
            let room = columns - displayWidth(name) - displayWidth(end) - 4
            if room >= 8 {
                return "\(name) \(bar(columns: min(room, 30), colored: colored)) \(end)"
            }
        }
        for end in ends.dropFirst() where displayWidth(name) + 1 + displayWidth(end) <= columns {
            return "\(name) \(end)"
        }
        let cut = shortened(name, to: max(0, columns - count.count - 1))
        return cut.isEmpty ? shortened(count, to: columns) : "\(cut) \(count)"
    }

    private func bar(columns: Int, colored: Bool) -> String {
        let full = total == 0 ? columns : columns * step / total
        let done = String(repeating: "#", count: full)
        let open = String(repeating: "-", count: columns - full)
        return colored ? "[\u{1B}[36m\(done)\u{1B}[2m\(open)\u{1B}[0m]" : "[\(done)\(open)]"
    }
}

/// Tells on a terminal, or in a log, how far a job of several stages is.
///
/// On a terminal it keeps one line up to date: stage, bar, steps, seconds a step, time left, as
/// much of it as the width has room for. Elsewhere it prints a line when a stage ends, and in long
/// stages one after each tenth, five seconds apart at least. It never hides the cursor and leaves
/// it behind its line, so that a process killed at any moment leaves the terminal as it was.
package struct ProgressBar: Sendable {
    private let fd: Int32
    private let onTerminal: Bool
    private let colored: Bool
    private let width: Int?
    private let now: @Sendable () -> Duration
    private var stage: Stage?
    private var drawnAt: Duration?

    /// A bar that writes to `fd`.
    /// - Parameters:
    ///   - isTerminal: whether to redraw a line or to print lines; by default what `fd` is.
    ///   - width: columns of the terminal; by default what it says, asked anew for each drawing.
    ///   - color: whether the bar is coloured; by default unless `NO_COLOR` is set.
    ///   - now: a clock that only runs forward.
    package init(
        to fd: Int32 = 2, isTerminal: Bool? = nil, width: Int? = nil, color: Bool? = nil,
        now: (@Sendable () -> Duration)? = nil
    ) {
        self.fd = fd
        self.onTerminal = isTerminal ?? Terminal.isTerminal(fd)
        self.colored = color ?? allowsColor
        self.width = width
        let start = ContinuousClock.now
        self.now = now ?? { start.duration(to: .now) }
    }

    /// Says that `step` of the `of` steps of a stage are done. A stage begins with the first call
    /// that names it, best with step 0, since its time counts from there.
    package mutating func update(stage name: String, step: Int, of total: Int) {
        let time = now()
        let total = max(total, 0)
        let step = min(max(step, 0), total)
        if stage?.name != name || stage.map({ step < $0.step || total != $0.total }) == true {
            endStage()
            stage = Stage(name: name, step: step, total: total, at: time)
            drawnAt = nil
        }
        stage?.advance(to: step, at: time)
        if onTerminal {
            draw(at: time)
        } else if stage?.isDueForLine == true {
            printLine()
        }
    }

    /// Ends the job: takes the bar away and prints `message`, if there is one, on a line of its
    /// own.
    package mutating func finish(message: String? = nil) {
        endStage()
        stage = nil
        drawnAt = nil
        if let message {
            write(oneLine(message) + "\n", to: fd)
        }
    }

    /// Prints a line, above the bar on a terminal.
    package mutating func note(_ message: String) {
        let hasBar = onTerminal && drawnAt != nil
        write((hasBar ? clearLine : "") + oneLine(message) + "\n", to: fd)
        drawnAt = nil
        if hasBar {
            draw(at: now())
        }
    }

    private mutating func endStage() {
        guard let stage else { return }
        if onTerminal {
            write(drawnAt == nil ? "" : clearLine, to: fd)
        } else if stage.hasNews {
            printLine()
        }
    }

    private mutating func draw(at time: Duration) {
        guard let stage else { return }
        // Drawing more often than people see costs small steps their time.
        if let drawnAt, time - drawnAt < .milliseconds(80), stage.step < stage.total { return }
        drawnAt = time
        // The last column stays free: writing there makes some terminals wrap.
        let columns = max(1, (width ?? terminalWidth(fd)) - 1)
        write("\r" + stage.line(columns: columns, colored: colored) + "\u{1B}[K", to: fd)
    }

    private mutating func printLine() {
        guard let line = stage?.plainLine else { return }
        stage?.markPrinted()
        write(line + "\n", to: fd)
    }
}

private let clearLine = "\r\u{1B}[K"

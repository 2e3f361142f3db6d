import Pipeline
import Terminal

/// Shows on standard error how far the pictures are.
final class GenerationDisplay {
    private let quiet: Bool
    private var bar = ProgressBar()
    /// The stage that is shown, and its number of steps.
    private var shown: (name: String, steps: Int)?
    private var ahead = 0

    /// - Parameter quiet: shows warnings and nothing else.
    init(quiet: Bool) {
        self.quiet = quiet
    }

    /// Shows what the pipeline says.
    func show(_ progress: Progress) {
        show(
            progress.stage, step: progress.step, of: progress.steps, picture: progress.picture,
            together: progress.together, pictures: progress.pictures)
    }

    /// Says that the enlarging of a picture begins.
    func showUpscaling(picture: Int, of pictures: Int) {
        show(.upscale, step: 0, of: 1, picture: picture, pictures: pictures)
    }

    /// Says how many jobs are drawn before this one.
    func showQueue(ahead: Int) {
        guard !quiet, ahead != self.ahead else { return }
        self.ahead = ahead
        bar.note("waiting for \(ahead == 1 ? "one job" : "\(ahead) jobs")")
    }

    /// Prints a line about a finished picture.
    func note(_ message: String) {
        endStage()
        if !quiet { bar.finish(message: message) }
    }

    /// Prints a warning.
    func warn(_ message: String) {
        bar.note("inkstone: warning: \(message)")
    }

    /// Takes the bar away.
    func finish() {
        if !quiet { bar.finish() }
    }

    /// Shows how far a stage is.
    func show(
        _ stage: Progress.Stage, step: Int, of steps: Int, picture: Int, together: Int = 1,
        pictures: Int
    ) {
        guard !quiet else { return }
        let numbers = together > 1 ? "\(picture + 1)-\(picture + together)" : "\(picture + 1)"
        let name = pictures > 1 ? "\(stage.rawValue) \(numbers)/\(pictures)" : stage.rawValue
        if shown?.name != name { endStage() }
        shown = (name, steps)
        bar.update(stage: name, step: step, of: steps)
    }

    /// A stage has ended when the next one begins.
    private func endStage() {
        guard let shown, !quiet else { return }
        bar.update(stage: shown.name, step: shown.steps, of: shown.steps)
        self.shown = nil
    }
}

internal import Pipeline

/// Estimates how long a job still takes, from how long its steps took so far.
struct TimeLeft {
    private let start = ContinuousClock.now
    private var stage: Progress.Stage?
    private var stageStart = ContinuousClock.now
    private var firstStep = 0
    /// Seconds of a denoising step, of a decoding, of an enlarging: as they were last.
    private var seconds: [Progress.Stage: Double] = [:]
    private let enlarges: Bool

    init(enlarges: Bool) { self.enlarges = enlarges }

    /// Seconds from now to the job's end; nil while nothing is known.
    mutating func callAsFunction(_ progress: Progress) -> Double? {
        let now = ContinuousClock.now
        if progress.stage != stage {
            if let stage, stage != .denoise { seconds[stage] = Self.seconds(now - stageStart) }
            stage = progress.stage
            stageStart = now
            firstStep = progress.step
        } else if progress.stage == .denoise, progress.step > firstStep {
            seconds[.denoise] =
                Self.seconds(now - stageStart) / Double(progress.step - firstStep)
        }
        guard let step = seconds[.denoise] else { return nil }
        let after = (seconds[.decode] ?? step) + (enlarges ? seconds[.upscale] ?? step : 0)
        let pictures = Double(progress.pictures - progress.picture - 1)
        let steps = progress.stage == .denoise ? progress.steps - progress.step : 0
        let whole = step * Double(progress.stage == .denoise ? progress.steps : stepsOfPicture)
        if progress.stage == .denoise { stepsOfPicture = progress.steps }
        return step * Double(steps) + after + pictures * (whole + after)
    }

    private var stepsOfPicture = 0

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }
}

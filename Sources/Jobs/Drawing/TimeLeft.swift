internal import Pipeline

/// Estimates how long a job still takes, from how long its stages and steps took so far.
struct TimeLeft {
    private let enlarges: Bool
    private var stage: Progress.Stage?
    private var stageStart = ContinuousClock.now
    /// The step that the denoising began with, which is not 0 where it goes on from a checkpoint.
    private var firstStep = 0
    private var stepsOfPicture = 0
    /// Seconds of a denoising step, of a decoding, of an enlarging, as they were last.
    private var seconds: [Progress.Stage: Double] = [:]

    /// - Parameter enlarges: whether each picture is enlarged.
    init(enlarges: Bool) { self.enlarges = enlarges }

    /// Seconds from now to the job's end; nil while nothing is known.
    mutating func callAsFunction(_ progress: Progress) -> Double? {
        learn(from: progress)
        guard let step = seconds[.denoise] else { return nil }
        let finishing = (seconds[.decode] ?? step) + (enlarges ? seconds[.upscale] ?? step : 0)
        let pictures = Double(progress.pictures - progress.picture - 1)
        let steps = progress.stage == .denoise ? progress.steps - progress.step : 0
        return step * Double(steps) + finishing
            + pictures * (step * Double(stepsOfPicture) + finishing)
    }

    private mutating func learn(from progress: Progress) {
        let now = ContinuousClock.now
        if progress.stage == .denoise { stepsOfPicture = progress.steps }
        if progress.stage != stage {
            if let stage, stage != .denoise { seconds[stage] = (now - stageStart) / .seconds(1) }
            stage = progress.stage
            stageStart = now
            firstStep = progress.step
        } else if progress.stage == .denoise, progress.step > firstStep {
            seconds[.denoise] =
                (now - stageStart) / .seconds(1) / Double(progress.step - firstStep)
        }
    }
}

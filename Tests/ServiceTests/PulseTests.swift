import Testing

@testable import Jobs
@testable import Service

/// When the service manager is told that the daemon lives.
struct PulseTests {
    @Test func jobThatStandsStillForLongIsNoLife() {
        let job = Job(id: "00000001-00000000", request: JobRequest(prompt: "a"), created: 0)
        var moved = job
        moved.progress = JobProgress(stage: "denoise", step: 1, steps: 2, picture: 0, pictures: 1)
        // Nothing to do is no standstill, however long it lasts.
        let seen: [(Job?, Int)] = [
            (job, 0), (job, 3599), (job, 3600), (moved, 3700), (moved, 3800), (nil, 4000),
            (nil, 9000),
        ]
        var pulse = Pulse()
        let start = ContinuousClock.now
        let answers = seen.map { pulse.isAlive($0, at: start + .seconds($1)) }
        #expect(answers == [true, true, false, true, true, true, true])
    }
}

import Testing

@testable import Jobs
@testable import Service

/// When the service manager is told that the daemon lives.
struct PulseTests {
    @Test func jobThatStandsStillForLongIsNoLife() {
        var pulse = Pulse()
        let start = ContinuousClock.now
        var job = Job(id: "00000001-00000000", request: JobRequest(prompt: "a"), created: 0)
        #expect(pulse.isAlive(job, at: start))
        #expect(pulse.isAlive(job, at: start + .seconds(3599)))
        #expect(!pulse.isAlive(job, at: start + .seconds(3600)))
        job.progress = JobProgress(stage: "denoise", step: 1, steps: 2, picture: 0, pictures: 1)
        #expect(pulse.isAlive(job, at: start + .seconds(3700)))
        #expect(pulse.isAlive(job, at: start + .seconds(3800)))
        // Nothing to do is no standstill, however long it lasts.
        #expect(pulse.isAlive(nil, at: start + .seconds(4000)))
        #expect(pulse.isAlive(nil, at: start + .seconds(9000)))
    }
}

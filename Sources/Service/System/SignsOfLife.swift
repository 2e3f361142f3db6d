import Jobs
import ServiceLifecycle
import UnixSockets

/// Tells the service manager now and then how the daemon does, for as long as its drawing moves.
struct SignsOfLife: Service {
    let queue: JobQueue
    let manager: ServiceManager

    func run() async throws {
        guard let period = manager.watchdog else {
            try await gracefulShutdown()
            return
        }
        await cancelWhenGracefulShutdown {
            var pulse = Pulse()
            while !Task.isCancelled {
                let statistics = queue.statistics
                let job = statistics.running.flatMap { queue.job($0) }
                if pulse.isAlive(job, at: .now) {
                    let waiting = statistics.counts[.queued] ?? 0
                    let status = job.map { "Drawing \($0.id), \(waiting) waiting" } ?? "Ready"
                    manager.tell("WATCHDOG=1", "STATUS=\(status)")
                }
                // Twice as often as asked for, so that one may come late.
                try? await Task.sleep(for: .microseconds(period / 2))
            }
        }
    }
}

/// Whether the running job moves.
struct Pulse {
    private var seen: Job?
    private var since = ContinuousClock.now

    /// The longest that a step may take, on the slowest board with the largest picture.
    static let patience = Duration.seconds(3600)

    /// Takes note of the running job, nil for none.
    mutating func isAlive(_ job: Job?, at time: ContinuousClock.Instant) -> Bool {
        if job == nil || job != seen {
            seen = job
            since = time
        }
        return time - since < Self.patience
    }
}

internal import Dispatch
internal import Pictures
internal import Pipeline
internal import Synchronization
internal import Tensors
internal import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension JobQueue {
    /// Draws job after job until `stop`.
    package func run() async {
        await onDrawingThread { [self] in
            while !board.withLock({ $0.isStopping }) {
                while let record = board.withLock({ $0.begin(at: secondsNow()) }) { draw(record) }
                let isIdle =
                    work.wait(timeout: .now() + .seconds(configuration.keepAlive)) == .timedOut
                if isIdle { rest() }
            }
        }
    }

    /// Accepts no more, and ends `run`: after the running step, or within it where that takes more
    /// than a second. The job goes on from there when the spool is opened again.
    package func stop() {
        board.withLock { $0.isStopping = true }
        work.signal()
        DispatchQueue.global().asyncAfter(deadline: .now() + 1) { [weak self] in
            self?.current.withLock { $0?.interruption.set() }
        }
    }

    /// Gives back what an idle daemon does not need.
    private func rest() {
        shelf.clear()
    }
}

// MARK: - One job

extension JobQueue {
    private func draw(_ record: JobRecord) {
        let id = record.job.id
        let clock = ContinuousClock.now
        let interruption = Interruption()
        current.withLock { $0 = CurrentWork(id: id, interruption: interruption) }
        let drawing = Drawing(record: record, queue: self, interruption: interruption)
        CrashMark.set(spool.crashFile(id))
        let outcome = Result { try drawing.run() }
        CrashMark.set(nil)
        let isCancelled = current.withLock { work in
            defer { work = nil }
            return work?.isCancelled ?? false
        }
        var ended = drawing.record
        settle(&ended, outcome: outcome, isCancelled: isCancelled)
        persist(ended, until: nil)
        if ended.job.state.isFinal { spool.clearWork(of: id) }
        board.withLock { $0.end(ended, seconds: (ContinuousClock.now - clock) / .seconds(1)) }
        prune()
    }

    private func settle(
        _ record: inout JobRecord, outcome: Result<Void, any Error>, isCancelled: Bool
    ) {
        record.job.progress = nil
        record.job.preview = nil
        switch outcome {
        case .success:
            record.job.state = .done
        case .failure where isCancelled:
            record.job.state = .cancelled
        case .failure(PipelineError.interrupted):
            // Shut down on purpose: that was no failed attempt.
            (record.attempts, record.crashes) = (0, 0)
            record.job.state = .queued
        case .failure(let error):
            record.job.state = .failed
            record.job.error = "\(error)"
            configuration.log("job \(record.job.id) failed: \(error)")
        }
        if record.job.state.isFinal {
            (record.attempts, record.crashes) = (0, 0)
            record.job.finished = secondsNow()
        }
    }

    /// Writes a job's state. A disk that is full or fails may be mended: this tries until it works, or
    /// the work is ended.
    func persist(_ record: JobRecord, until interruption: Interruption?) {
        untilWritten("the state of job \(record.job.id)", interruption) { try spool.save(record) }
    }

    /// Tries `write` again, with longer and longer pauses up to half a minute, until it works.
    /// - Returns: false where the work was ended instead, or the daemon is.
    @discardableResult
    func untilWritten(
        _ what: String, _ interruption: Interruption?, write: () throws -> Void
    ) -> Bool {
        var pause = 0.1
        while true {
            do {
                try write()
                return true
            } catch {
                configuration.log("\(what) could not be written, trying again: \(error)")
            }
            let end = ContinuousClock.now + .seconds(pause)
            while ContinuousClock.now < end {
                if interruption?.isSet == true || board.withLock({ $0.isStopping }) { return false }
                usleep(50_000)
            }
            pause = min(pause * 2, 30)
        }
    }
}

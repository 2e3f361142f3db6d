internal import Dispatch
internal import Pipeline
internal import Samplers
internal import Synchronization
internal import Tensors
internal import WeightStore

/// Takes jobs, keeps them on disk, and draws them one after the other in the order they came.
///
/// A job is on the disk before its acceptance is told, and every denoising step is a checkpoint: a process
/// that is killed at any moment is followed by one that finishes each accepted job with the same bytes.
/// All calls may come from any thread; those that are not async touch memory only.
package final class JobQueue: Sendable {
    package let configuration: JobConfiguration
    let spool: Spool
    let shelf: ModelShelf
    let board: SharedBoard
    /// Ends the work of the running job.
    let current = Mutex<CurrentWork?>(nil)
    /// Signalled whenever the drawing thread may find something to do.
    let work = DispatchSemaphore(value: 0)
    /// Does what waits for the disk, one thing at a time, beside the threads that answer.
    private let desk = DispatchQueue(label: "jobs.desk")
    private let executor: Executor
    private let models = Mutex<[ModelSummary]?>(nil)

    /// Opens the spool and takes up what it holds; throws where another daemon works in it.
    package init(_ configuration: JobConfiguration) throws {
        try InstructionSet.selectFromEnvironment()
        self.configuration = configuration
        spool = try Spool(configuration.spool)
        shelf = ModelShelf(configuration)
        if let bundle = try shelf.previewBundle() {
            _ = try DiffusionBundle.autoencoder(of: bundle)
        }
        executor = Executor(threads: configuration.threads)
        var board = JobBoard()
        for record in spool.load(log: configuration.log) { board.restore(record) }
        self.board = SharedBoard(board)
        prune()
    }

    var painter: JobPainter { JobPainter(configuration, shelf: shelf, on: executor) }

    /// Runs `body` where it may wait for the disk.
    func atDesk<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            desk.async { continuation.resume(returning: body()) }
        }
    }
}

/// The job that is being drawn, as others may end it.
struct CurrentWork: Sendable {
    let id: String
    let interruption: Interruption
    var isCancelled = false
}

// MARK: - Asking

extension JobQueue {
    /// A job as it stands; nil where there is none of this id.
    package func job(_ id: String) -> Job? { board.withLock { $0.job(id) } }

    /// Jobs in the order in which they were accepted, from behind the id `after` on.
    package func jobs(
        state: JobState? = nil, after: String? = nil, limit: Int = 100
    ) -> [Job] {
        board.withLock { $0.jobs(state: state, after: after, limit: limit) }
    }

    /// The file of a finished picture, counted from 0; nil where there is none.
    package func imageFile(_ id: String, _ index: Int) -> String? {
        guard let job = job(id), job.images.indices.contains(index) else { return nil }
        return spool.imageFile(id, index)
    }

    /// A job from now on, each time something changes; the stream ends after a final state.
    ///
    /// A slow reader misses what lies between, never the last. Nil where there is no such job.
    package func updates(of id: String) -> AsyncStream<Job>? {
        guard job(id) != nil else { return nil }
        return AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            guard let watcher = board.withLock({ $0.watch(id, continuation) }) else {
                continuation.finish()
                return
            }
            continuation.onTermination = { [weak self] _ in
                self?.board.withLock { $0.unwatch(id, watcher) }
            }
        }
    }

    /// The models that requests can name. Looked up once: new ones are seen by the next daemon.
    package func modelSummaries() async -> [ModelSummary] {
        await atDesk { [self] in
            models.withLock { models in
                let found =
                    models
                    ?? configuration.library.entries().compactMap { entry in
                        (try? entry.bundle.get()).flatMap { ModelSummary(name: entry.name, $0) }
                    }
                models = found
                return found
            }
        }
    }

    /// The samplers that requests can name, and what AUTOMATIC1111's web UI calls them.
    package static var samplers: [(name: String, displayName: String)] {
        SamplerKind.allCases.map { ($0.rawValue, $0.displayName) }
    }

    package var statistics: JobStatistics {
        board.withLock { board in
            JobStatistics(
                counts: Dictionary(
                    uniqueKeysWithValues: JobState.allCases.map { ($0, board.count(of: $0)) }),
                running: board.running, pictures: board.pictures,
                drawingSeconds: board.drawingSeconds)
        }
    }
}

/// Figures of a queue.
package struct JobStatistics: Sendable {
    /// Jobs in the spool by state.
    package var counts: [JobState: Int]
    /// The id of the job being drawn.
    package var running: String?
    /// Pictures drawn since the daemon began, and the seconds that took.
    package var pictures: Int
    package var drawingSeconds: Double
}

// MARK: - Giving and taking back

extension JobQueue {
    /// Accepts a job. It is checked in full and durable when this returns.
    package func submit(
        _ request: JobRequest, owner: JobOwner?
    ) async throws(JobError) -> Job {
        let result = await atDesk { [self] in
            Result { () throws(JobError) in try accept(request, owner: owner) }
        }
        return try result.get()
    }

    private func accept(
        _ request: JobRequest, owner: JobOwner?
    ) throws(JobError) -> Job {
        let length = configuration.queueLength
        let id = try board.withLock { board throws(JobError) -> String in
            guard !board.isStopping else { throw .stopping }
            guard board.unfinished < length else {
                let seconds = min(max(board.typicalSeconds.rounded(.up), 1), 3600)
                throw .queueFull(retryAfter: Int(seconds))
            }
            return board.reserve()
        }
        var record: JobRecord?
        defer {
            board.withLock { $0.settle(record) }
            work.signal()
        }
        var new: JobRecord
        do {
            new = JobRecord(
                Job(
                    id: id, request: try painter.prepared(request), owner: owner,
                    created: secondsNow()))
        } catch {
            throw JobError(error)
        }
        do {
            try spool.accept(new)
        } catch {
            configuration.log("a job could not be stored: \(error)")
            throw .storage("\(error)")
        }
        // The pictures are in the spool now.
        new.job.request.replaceInputs { _ in [] }
        record = new
        return new.job
    }

    /// Takes a job back: a waiting one at once, the running one within a layer. One that is finished
    /// stays as it is.
    /// - Returns: the job in its final state; nil where there is none of this id.
    package func cancel(_ id: String) async throws(JobError) -> Job? {
        guard job(id) != nil else { return nil }
        let isRunning = current.withLock { work in
            guard work?.id == id else { return false }
            work?.isCancelled = true
            work?.interruption.set()
            return true
        }
        if !isRunning {
            let result = await atDesk { [self] in
                Result { () throws(JobError) in try withdraw(id) }
            }
            if try result.get() { return job(id) }
        }
        // It runs, or began to while it was to be withdrawn.
        guard let updates = updates(of: id) else { return job(id) }
        for await job in updates {
            if job.state.isFinal { return job }
            current.withLock { work in
                guard work?.id == id, work?.isCancelled == false else { return }
                work?.isCancelled = true
                work?.interruption.set()
            }
        }
        return job(id)
    }

    /// Whether the job is final now: withdrawn, or over already.
    private func withdraw(_ id: String) throws(JobError) -> Bool {
        guard var record = board.withLock({ board in board.hold(id) ? board[id] : nil }) else {
            return job(id)?.state.isFinal ?? true
        }
        record.job.state = .cancelled
        record.job.finished = secondsNow()
        do {
            try spool.save(record)
        } catch {
            board.withLock { $0.release(id) }
            work.signal()
            throw .storage("\(error)")
        }
        let cancelled = record
        board.withLock { $0.withdraw(cancelled) }
        spool.clearWork(of: id)
        prune()
        return true
    }
}

// MARK: - The spool's bounds

extension JobQueue {
    /// Removes finished jobs, the oldest first, until the spool is within its bounds.
    func prune() {
        let finished = board.withLock { $0.finished }
        let sizes = finished.map { spool.bytes(of: $0) }
        var bytes = sizes.reduce(0, +)
        var kept = finished.count
        let now = secondsNow()
        for (id, size) in zip(finished, sizes) {
            let time = board.withLock { $0[id]?.job.finished } ?? now
            let isOld = configuration.spoolAge.map { now - time > $0 } ?? false
            guard kept > configuration.keptJobs || bytes > configuration.spoolBytes || isOld else {
                continue
            }
            // The newest stays whatever its size: somebody waits for it.
            guard id != finished.last || isOld else { break }
            board.withLock { $0.forget(id) }
            spool.remove(id)
            bytes -= size
            kept -= 1
        }
    }
}

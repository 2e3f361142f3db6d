internal import Pictures
internal import Pipeline
internal import Synchronization
internal import Tensors
internal import WeightStore

/// The drawing of one job, from where an earlier process left it.
final class Drawing {
    private(set) var record: JobRecord
    private let queue: JobQueue
    private let interruption: Interruption
    private var left: TimeLeft
    private var previews = 0
    /// What the pictures depend on besides the request.
    private var tags: [String: String] = [:]
    private var strips: Strips?

    init(record: JobRecord, queue: JobQueue, interruption: Interruption) {
        self.record = record
        self.queue = queue
        self.interruption = interruption
        left = TimeLeft(enlarges: record.job.request.upscale)
    }

    private var id: String { record.job.id }

    func run() throws {
        let painter = queue.painter
        tags = painter.tags(of: record.job.request)
        let start = self.start()
        strips = self.strips(of: start.picture)
        try countAttempt(at: start)
        try painter.paint(
            record.job.request, from: start,
            input: { try readFile(self.queue.spool.inputFile(self.id, $0)) },
            interruption: interruption, observer: observer)
    }

    private var observer: JobPainter.Observer {
        JobPainter.Observer(
            progress: { try self.show($0) },
            step: { try self.keep($0, of: $1, preview: $2) },
            strips: { self.strips?.load(size: $0) ?? [] },
            strip: { self.strips?.offer($0) ?? false },
            image: { try self.keep($0, picture: $1, seed: $2) },
            warn: { self.queue.configuration.log("job \(self.id): \($0)") })
    }

    /// The first picture that is not on the disk, and its checkpoint if that can be trusted.
    private func start() -> TextToImage.Start {
        let picture = record.job.images.count
        guard record.job.request.task == .draw else { return .init(picture: picture) }
        let file = queue.spool.checkpointFile(id)
        return TextToImage.Start(
            picture: picture,
            checkpoint: DenoisingCheckpoint(path: file, tags: tags(of: picture)))
    }

    private func strips(of picture: Int) -> Strips {
        Strips(
            spool: queue.spool, id: id, tags: tags(of: picture),
            interval: queue.configuration.stripSeconds)
    }

    private func tags(of picture: Int) -> [String: String] {
        var tags = tags
        tags["picture"] = "\(picture)"
        return tags
    }

    /// Written before the work, so that the next process knows if this one dies of it.
    private func countAttempt(at start: TextToImage.Start) throws {
        let mark = "\(start.picture):\(start.checkpoint?.index ?? 0):\(strips?.stored ?? 0)"
        let hasCrashed = queue.spool.takeCrash(of: id)
        if record.mark != mark { (record.mark, record.attempts, record.crashes) = (mark, 0, 0) }
        record.attempts += 1
        record.crashes += hasCrashed ? 1 : 0
        guard record.crashes < Self.allowedCrashes, record.attempts <= Self.allowedAttempts else {
            throw DrawingFailure(attempts: record.attempts - 1, crashes: record.crashes)
        }
        queue.persist(record, until: interruption)
    }

    private func show(_ progress: Progress) throws {
        let shown = JobProgress(
            stage: progress.stage.rawValue, step: progress.step, steps: progress.steps,
            picture: progress.picture, pictures: progress.pictures, secondsLeft: left(progress))
        queue.board.withLock { $0.update(id) { $0.job.progress = shown } }
    }

    /// Between two steps: where the walk stands goes to the disk.
    private func keep(
        _ checkpoint: DenoisingCheckpoint, of picture: Int, preview: () throws -> Picture?
    ) throws {
        do {
            try checkpoint.write(to: queue.spool.checkpointFile(id), tags: tags(of: picture))
        } catch {
            // Drawing can go on without; only more would be lost with the power.
            queue.configuration.log("a checkpoint of job \(id) could not be written: \(error)")
        }
        let (isStopping, isWatched) = queue.board.withLock { ($0.isStopping, $0.isWatched(id)) }
        guard !isStopping else { throw PipelineError.interrupted }
        guard isWatched, checkpoint.index % Self.stepsAPreview == 0, let preview = try preview()
        else { return }
        previews += 1
        let shown = JobPreview(number: previews, png: try encodePNG(preview))
        queue.board.withLock { $0.update(id) { $0.job.preview = shown } }
    }

    private func keep(_ png: [UInt8], picture: Picture, seed: UInt64?) throws {
        let index = record.job.images.count
        let written = queue.untilWritten("picture \(index) of job \(id)", interruption) {
            try queue.spool.save(png, image: index, of: id)
        }
        guard written else { throw PipelineError.interrupted }
        let image = JobImage(
            width: picture.width, height: picture.height, byteCount: png.count, seed: seed,
            sha256: SHA256.digest(of: png))
        record.job.images.append(image)
        queue.spool.clearStrips(of: id)
        strips = strips(of: index + 1)
        // The last picture's state is written with the job's.
        if index + 1 < record.job.request.count { queue.persist(record, until: interruption) }
        queue.board.withLock { board in
            board.countPicture()
            board.update(id) { $0.job.images.append(image) }
        }
    }

    private static let stepsAPreview = 4
    /// A job that crashes the process so often at the same place is not begun again.
    private static let allowedCrashes = 3
    /// Nor is one whose process ended so often there from outside: by a power cut, or for want of memory.
    private static let allowedAttempts = 10
}

/// Why a job is set aside.
private struct DrawingFailure: Error, CustomStringConvertible {
    let attempts: Int
    let crashes: Int

    var description: String {
        "the daemon ended \(attempts) times in the midst of this job, at the same place"
            + (crashes > 0 ? ", \(crashes) times by a crash" : "")
            + "; it may need more memory than there is"
    }
}

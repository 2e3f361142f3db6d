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

    init(record: JobRecord, queue: JobQueue, interruption: Interruption) {
        self.record = record
        self.queue = queue
        self.interruption = interruption
        left = TimeLeft(enlarges: record.job.request.upscale)
    }

    private var id: String { record.job.id }

    func run() throws {
        let painter = queue.painter
        let start = self.start(painter)
        try countAttempt(at: start)
        let tags = { self.tags(painter, picture: $0) }
        try painter.paint(
            record.job.request, from: start,
            input: { try readFile(self.queue.spool.inputFile(self.id)) },
            interruption: interruption,
            observer: JobPainter.Observer(
                progress: { try self.show($0) },
                step: { checkpoint, picture, preview in
                    try self.keep(checkpoint, tags: tags(picture), preview: preview)
                },
                image: { try self.keep($0, picture: $1, seed: $2) },
                warn: { self.queue.configuration.log("job \(self.id): \($0)") }))
    }

    /// The first picture that is not on the disk, and its checkpoint if that can be trusted.
    private func start(_ painter: JobPainter) -> TextToImage.Start {
        let picture = record.job.images.count
        let checkpoint =
            record.job.request.task == .draw
            ? DenoisingCheckpoint(
                path: queue.spool.checkpointFile(id), tags: tags(painter, picture: picture)) : nil
        return TextToImage.Start(picture: picture, checkpoint: checkpoint)
    }

    private func tags(_ painter: JobPainter, picture: Int) -> [String: String] {
        var tags = painter.tags(of: record.job.request)
        tags["picture"] = "\(picture)"
        return tags
    }

    /// Written before the work, so that the next process knows if this one dies of it.
    private func countAttempt(at start: TextToImage.Start) throws {
        let mark = "\(start.picture):\(start.checkpoint?.index ?? 0)"
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
        _ checkpoint: DenoisingCheckpoint, tags: [String: String],
        preview: () throws -> Picture?
    ) throws {
        do {
            try checkpoint.write(to: queue.spool.checkpointFile(id), tags: tags)
        } catch {
            // Drawing can go on without; only more would be lost with the power.
            queue.configuration.log("a checkpoint of job \(id) could not be written: \(error)")
        }
        let (isStopping, isWatched) = queue.board.withLock { ($0.isStopping, $0.isWatched(id)) }
        guard !isStopping else { throw PipelineError.interrupted }
        guard isWatched, checkpoint.index % Self.stepsAPreview == 0, let picture = try preview()
        else { return }
        previews += 1
        let shown = JobPreview(number: previews, png: try encodePNG(picture))
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

internal import Synchronization

/// What is known of all jobs at one moment: pure bookkeeping, no disk, no time.
struct JobBoard {
    /// By id.
    private var records: [String: JobRecord] = [:]
    /// Ids in the order in which they were accepted.
    private(set) var order: [String] = []
    /// Ids that wait, in order.
    private(set) var waiting: [String] = []
    private(set) var running: String?
    /// Jobs that are being made durable.
    private var reserved = 0
    private var watchers: [String: [Int: AsyncStream<Job>.Continuation]] = [:]
    private var nextWatcher = 0
    /// Watchers of jobs that have come to their end: to be told so when nothing is locked any more.
    private var leaving: [AsyncStream<Job>.Continuation] = []
    private var sequence = 0
    var isStopping = false
    /// Seconds that jobs take, of late.
    private(set) var typicalSeconds = 5.0
    private(set) var pictures = 0
    private(set) var drawingSeconds = 0.0

    subscript(id: String) -> JobRecord? { records[id] }

    /// A job as it is shown.
    func job(_ id: String) -> Job? {
        guard var job = records[id]?.job else { return nil }
        if job.state == .queued, let index = waiting.firstIndex(of: id) {
            job.position = index + (running == nil ? 0 : 1)
        }
        return job
    }

    /// Jobs that wait, run or are being accepted.
    var unfinished: Int { waiting.count + reserved + (running == nil ? 0 : 1) }

    func count(of state: JobState) -> Int { records.values.count { $0.job.state == state } }

    /// The jobs behind `id` in order, or all.
    func jobs(state: JobState?, after id: String?, limit: Int) -> [Job] {
        let start = id.map { id in order.partitioningIndex { $0 > id } } ?? 0
        var found: [Job] = []
        for id in order[start...] {
            guard found.count < limit else { break }
            if let state, records[id]?.job.state != state { continue }
            if let job = job(id) { found.append(job) }
        }
        return found
    }

    var finished: [String] { order.filter { records[$0]?.job.state.isFinal == true } }
}

// MARK: - Changes

extension JobBoard {
    /// Takes up what the disk holds.
    mutating func restore(_ record: JobRecord) {
        var record = record
        // What ran when the process ended waits again, at the head: it was accepted first.
        if record.job.state == .running { record.job.state = .queued }
        records[record.job.id] = record
        order.append(record.job.id)
        if record.job.state == .queued { waiting.append(record.job.id) }
        let number = Int(record.job.id.prefix { $0 != "-" }) ?? 0
        sequence = max(sequence, number)
    }

    /// A place in the queue and an id for a job that is about to be accepted.
    mutating func reserve() -> String {
        reserved += 1
        sequence += 1
        let digits = String(UInt32.random(in: .min ... .max), radix: 16)
        return padded("\(sequence)") + "-" + padded(digits)
    }

    /// Gives the place back, with the job that took it if there is one.
    mutating func settle(_ record: JobRecord?) {
        reserved -= 1
        guard let record else { return }
        let id = record.job.id
        records[id] = record
        order.insert(id, at: order.partitioningIndex { $0 > id })
        waiting.insert(id, at: waiting.partitioningIndex { $0 > id })
    }

    /// The next job, which runs from now on.
    mutating func begin(at time: Int64) -> JobRecord? {
        guard running == nil, !isStopping, let id = waiting.first else { return nil }
        waiting.removeFirst()
        running = id
        update(id) { record in
            record.job.state = .running
            record.job.started = record.job.started ?? time
            record.job.error = nil
        }
        for id in waiting { notify(id) }
        return records[id]
    }

    /// Ends the running job, which waits again where `record` says so.
    mutating func end(_ record: JobRecord, seconds: Double) {
        let id = record.job.id
        running = nil
        records[id] = record
        if record.job.state == .queued {
            waiting.insert(id, at: 0)
        } else if record.job.state == .done {
            typicalSeconds = 0.7 * typicalSeconds + 0.3 * seconds
        }
        drawingSeconds += seconds
        notify(id)
        for id in waiting { notify(id) }
    }

    /// Keeps a waiting job from being begun; false where it does not wait.
    mutating func hold(_ id: String) -> Bool {
        guard let index = waiting.firstIndex(of: id) else { return false }
        waiting.remove(at: index)
        return true
    }

    /// Lets a held job wait again.
    mutating func release(_ id: String) {
        waiting.insert(id, at: waiting.partitioningIndex { $0 > id })
    }

    /// A held job is wanted no more.
    mutating func withdraw(_ record: JobRecord) {
        records[record.job.id] = record
        notify(record.job.id)
        for id in waiting { notify(id) }
    }

    /// Changes a job and tells those who watch it.
    mutating func update(_ id: String, _ change: (inout JobRecord) -> Void) {
        guard var record = records[id] else { return }
        change(&record)
        records[id] = record
        notify(id)
    }

    mutating func countPicture() { pictures += 1 }

    mutating func forget(_ id: String) {
        records[id] = nil
        order.removeAll { $0 == id }
    }
}

// MARK: - Watching

extension JobBoard {
    func isWatched(_ id: String) -> Bool { watchers[id]?.isEmpty == false }

    /// Adds a watcher and shows it the job as it stands; nil without such a job.
    mutating func watch(_ id: String, _ continuation: AsyncStream<Job>.Continuation) -> Int? {
        guard let job = job(id) else { return nil }
        continuation.yield(job)
        guard !job.state.isFinal else { return nil }
        nextWatcher += 1
        watchers[id, default: [:]][nextWatcher] = continuation
        return nextWatcher
    }

    mutating func unwatch(_ id: String, _ watcher: Int) {
        watchers[id]?[watcher] = nil
        if watchers[id]?.isEmpty == true { watchers[id] = nil }
    }

    private mutating func notify(_ id: String) {
        guard let continuations = watchers[id]?.values, let job = job(id) else { return }
        for continuation in continuations { continuation.yield(job) }
        if job.state.isFinal {
            leaving += continuations
            watchers[id] = nil
        }
    }

    /// Hands over the watchers to be told that nothing more comes.
    mutating func takeLeaving() -> [AsyncStream<Job>.Continuation] {
        defer { leaving = [] }
        return leaving
    }
}

/// The board as threads share it.
final class SharedBoard: Sendable {
    private let board: Mutex<JobBoard>

    init(_ board: JobBoard) { self.board = Mutex(board) }

    /// Looks at the board or changes it, alone.
    func withLock<Value: Sendable, Failure: Error>(
        _ body: (inout JobBoard) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let (result, leaving) = board.withLock { board in
            let result = Result { () throws(Failure) in try body(&board) }
            return (result, board.takeLeaving())
        }
        for continuation in leaving { continuation.finish() }
        return try result.get()
    }
}

private func padded(_ digits: String) -> String {
    String(repeating: "0", count: max(8 - digits.count, 0)) + digits
}

extension Array where Element: Comparable {
    /// The first index whose element satisfies `belongsBehind`, in an array where all behind it do.
    fileprivate func partitioningIndex(_ belongsBehind: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if belongsBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

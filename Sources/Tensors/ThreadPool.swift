import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Threads that wait for the next loop of tasks: awake for a moment, since a forward pass is a thousand
/// loops with hardly a break between, asleep after that.
///
/// Waking a sleeping thread takes a virtual machine up to 100 µs, a waking one a microsecond.
final class ThreadPool: Sendable {
    private let crew: Crew
    private let threads: [pthread_t]

    /// Starts `helpers` threads, or fewer where the system refuses more.
    init(helpers: Int) {
        let crew = Crew(workers: helpers + 1)
        self.crew = crew
        threads = (1...helpers).compactMap { worker in
            var thread = pthread_t()
            let context = Unmanaged.passRetained(Helper(crew: crew, worker: worker))
            let status = pthread_create(&thread, nil, helperMain, context.toOpaque())
            if status != 0 { context.release() }
            return status == 0 ? thread : nil
        }
    }

    deinit {
        crew.dismiss()
        for thread in threads { pthread_join(thread, nil) }
    }

    /// Runs `body(task, worker)` for each task, on the calling thread (worker 0) and the helpers; at
    /// once and alone where another loop is running on them.
    func run(tasks: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
        guard crew.isFree.exchange(false, ordering: .acquiring) else {
            for task in 0..<tasks { body(task, 0) }
            return
        }
        defer { crew.isFree.store(true, ordering: .releasing) }
        withoutActuallyEscaping(body) { body in
            crew.begin(Loop(tasks: tasks, body: body))
            crew.work(as: 0)
            crew.awaitHelpers()
        }
    }
}

private struct Loop: @unchecked Sendable {
    // The body is a caller's, who waits until no helper uses it any more.
    let tasks: Int
    let body: (Int, Int) -> Void
}

/// A worker's own run of the loop's tasks: what is next in it.
private final class Share: @unchecked Sendable {
    let next = Atomic(0)
    // Written while no helper is in the loop.
    var end = 0
}

/// A thread of the pool.
private final class Helper: Sendable {
    let crew: Crew
    let worker: Int

    init(crew: Crew, worker: Int) {
        self.crew = crew
        self.worker = worker
    }
}

/// What the threads of a pool share.
///
/// Each worker begins with a run of tasks of its own, the same part of every loop: what it wrote in one
/// loop is in its core's cache when it reads it in the next. Then it helps the others with theirs.
///
/// A loop has a number. A helper joins it by counting itself in while it is open; the caller closes it
/// when there are no tasks left, and waits until all who joined have left.
private final class Crew: @unchecked Sendable {
    // `loop` is written while no helper is in it: none joins before it is open, which comes after.
    private var loop: Loop?
    private let shares: [Share]
    /// The number of the loop, which counts up; odd while it is open.
    private let number = Atomic(0)
    /// Helpers in the loop.
    private let inside = Atomic(0)
    private let sleepers = Atomic(0)
    private let isDismissed = Atomic(false)
    let isFree = Atomic(true)
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// How long a helper looks out for the next loop before it sleeps.
    private static let watch = Duration.microseconds(200)

    init(workers: Int) {
        shares = (0..<workers).map { _ in Share() }
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(condition)
        mutex.deallocate()
        condition.deallocate()
    }

    // MARK: - The caller

    func begin(_ loop: Loop) {
        self.loop = loop
        for (worker, share) in shares.enumerated() {
            share.next.store(loop.tasks * worker / shares.count, ordering: .relaxed)
            share.end = loop.tasks * (worker + 1) / shares.count
        }
        number.wrappingAdd(1, ordering: .sequentiallyConsistent)
        if sleepers.load(ordering: .sequentiallyConsistent) > 0 { wakeAll() }
    }

    /// Does tasks as long as there are any.
    func work(as worker: Int) {
        guard let loop else { return }
        for offset in shares.indices {
            let share = shares[(worker + offset) % shares.count]
            while true {
                let task = share.next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard task < share.end else { break }
                loop.body(task, worker)
            }
        }
    }

    func awaitHelpers() {
        number.wrappingAdd(1, ordering: .sequentiallyConsistent)
        var rounds = 0
        while inside.load(ordering: .sequentiallyConsistent) > 0 {
            pause(&rounds)
        }
        loop = nil
    }

    func dismiss() {
        isDismissed.store(true, ordering: .sequentiallyConsistent)
        wakeAll()
    }

    private func wakeAll() {
        pthread_mutex_lock(mutex)
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    // MARK: - A helper

    func help(as worker: Int) {
        var seen = 0
        while let current = awaitLoop(after: seen) {
            seen = current
            // Counted in first: the caller either sees this, or has closed the loop already.
            inside.wrappingAdd(1, ordering: .sequentiallyConsistent)
            if number.load(ordering: .sequentiallyConsistent) == current {
                work(as: worker)
            }
            inside.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        }
    }

    /// The number of the next open loop; nil when there will be none.
    private func awaitLoop(after seen: Int) -> Int? {
        let clock = ContinuousClock()
        let start = clock.now
        var rounds = 0
        while clock.now - start < Self.watch {
            for _ in 0..<32 {
                if let open = openLoop(after: seen) { return open }
                pause(&rounds)
            }
            if isDismissed.load(ordering: .relaxed) { return nil }
        }
        return sleep(after: seen)
    }

    private func sleep(after seen: Int) -> Int? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
        defer { sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent) }
        while !isDismissed.load(ordering: .sequentiallyConsistent) {
            if let open = openLoop(after: seen) { return open }
            pthread_cond_wait(condition, mutex)
        }
        return nil
    }

    private func openLoop(after seen: Int) -> Int? {
        let current = number.load(ordering: .sequentiallyConsistent)
        return current % 2 == 1 && current != seen ? current : nil
    }
}

private func helperMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    let helper = Unmanaged<Helper>.fromOpaque(context).takeRetainedValue()
    helper.crew.help(as: helper.worker)
    return nil
}

/// Lets a moment pass; now and then another thread, which may be the one that is waited for.
private func pause(_ rounds: inout Int) {
    rounds &+= 1
    if rounds % 256 == 0 { sched_yield() }
}

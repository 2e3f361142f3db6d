#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The one place that starts threads: a loop of independent tasks, shared out as workers come free.
///
/// A task's result may not depend on which worker does it, so any number of threads gives the same bytes.
package struct Parallel: Sendable {
    /// Workers that may run at once, the calling thread included; at least 1.
    package let threads: Int
    /// Whether all tasks are left out.
    private let isRehearsing: Bool
    private let pool: ThreadPool?
    /// Leaves out all tasks from when it is set on.
    var interruption: Interruption?

    /// Processors that are online.
    package static var processors: Int { max(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), 1) }

    package init(threads: Int, rehearsing: Bool = false) {
        precondition(threads >= 1)
        self.threads = threads
        isRehearsing = rehearsing
        pool = threads > 1 && !rehearsing ? ThreadPool(helpers: threads - 1) : nil
    }

    /// Runs `body(task, worker)` for each task in 0..<tasks and returns when all are done.
    /// `worker` is below `threads` and belongs to one thread at a time: it picks that thread's scratch memory.
    package func run(tasks: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
        guard !isRehearsing, interruption?.isSet != true else { return }
        if let pool, tasks > 1 {
            pool.run(tasks: tasks, body)
        } else {
            for task in 0..<max(tasks, 0) { body(task, 0) }
        }
    }
}

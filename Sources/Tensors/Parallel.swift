import Dispatch
import Synchronization

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

    /// Processors that are online.
    package static var processors: Int { max(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), 1) }

    package init(threads: Int, rehearsing: Bool = false) {
        precondition(threads >= 1)
        self.threads = threads
        isRehearsing = rehearsing
    }

    /// Runs `body(task, worker)` for each task in 0..<tasks and returns when all are done.
    /// `worker` is below `threads` and belongs to one thread at a time: it picks that thread's scratch memory.
    package func run(tasks: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
        guard !isRehearsing else { return }
        let workers = min(threads, tasks)
        guard workers > 1 else {
            for task in 0..<max(tasks, 0) { body(task, 0) }
            return
        }
        let next = Counter()
        withoutActuallyEscaping(body) { body in
            let shared = Shared(body: body)
            DispatchQueue.concurrentPerform(iterations: workers) { worker in
                while true {
                    let task = next.take()
                    guard task < tasks else { return }
                    shared.body(task, worker)
                }
            }
        }
    }
}

private final class Counter: Sendable {
    private let next = Atomic(0)
    func take() -> Int { next.wrappingAdd(1, ordering: .relaxed).oldValue }
}

/// Carries a task's body to the workers; `run` returns only when none of them uses it any more.
private struct Shared: @unchecked Sendable {
    let body: (Int, Int) -> Void
}

import NIOCore

/// Runs tasks on the thread that moves their bytes.
///
/// Answering takes microseconds; handing each request to another thread and back would take longer
/// than that, and while both processors draw, each thread that has to be woken waits its turn.
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) {
        self.loop = loop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

import Synchronization
import Tensors
import Testing

/// Loops of tasks on any number of threads.
@Suite struct ParallelTests {
    /// Fewer tasks than threads, and numbers that no thread's share divides.
    private static let counts = [0, 1, 2, 3, 7, 64, 1001]

    @Test(arguments: [1, 2, 3, 5, 8])
    func everyTaskIsDoneOnce(threads: Int) {
        let parallel = Parallel(threads: threads)
        // Loop after loop, as helpers that come late to one must not do what is another's.
        for round in 0..<200 {
            let count = Self.counts[round % Self.counts.count]
            let done = Mutex([Int](repeating: 0, count: count))
            parallel.run(tasks: count) { task, _ in
                done.withLock { $0[task] += 1 }
            }
            #expect(done.withLock { $0 } == [Int](repeating: 1, count: count))
        }
    }

    @Test(arguments: [2, 3, 5])
    func aWorkerIsOneThreadAtATime(threads: Int) {
        let parallel = Parallel(threads: threads)
        for _ in 0..<50 {
            let busy = Mutex(Set<Int>())
            parallel.run(tasks: 100) { _, worker in
                let isFree = busy.withLock { $0.insert(worker).inserted }
                #expect(isFree && worker < threads)
                busy.withLock { _ = $0.remove(worker) }
            }
        }
    }
}

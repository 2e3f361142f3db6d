internal import Dispatch

/// A thread beside the workers that does errands, one after the other in the order they are given.
package final class Errands: Sendable {
    private let queue = DispatchQueue(label: "errands")
    private let done = DispatchSemaphore(value: 0)

    package init() {}

    /// Has an errand done; does not wait.
    package func give(_ errand: @escaping @Sendable () -> Void) {
        queue.async { [done] in
            errand()
            done.signal()
        }
    }

    /// Waits for one errand more to be done: called once for each errand.
    package func waitForNext() { done.wait() }

    /// Waits for all errands that were given.
    package func finish() { queue.sync {} }
}

internal import Synchronization

/// Ends work that runs on an executor, from any thread: loops that have not begun are left out, so that
/// the layers come to their end within moments.
///
/// What they leave behind is no result: whoever ran them asks `isSet` before looking at it.
package final class Interruption: Sendable {
    private let flag = Atomic(false)

    package init() {}

    /// Ends the work.
    package func set() { flag.store(true, ordering: .relaxed) }

    /// Whether the work was ended; it never becomes false again.
    package var isSet: Bool { flag.load(ordering: .relaxed) }
}

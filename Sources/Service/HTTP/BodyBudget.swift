import HTTPTypes
import Synchronization

/// Bounds the bodies that are in memory at once, whatever the number of connections.
final class BodyBudget: Sendable {
    private let free: Mutex<Int>
    /// Bodies up to this size are not counted: connections bound their number.
    private static let small = 1 << 16

    /// - Parameter bytes: what bodies may take together; one of the largest kind must fit.
    init(bytes: Int) {
        free = Mutex(bytes)
    }

    /// Reserves `bytes`; the caller gives back what this returns.
    func take(_ bytes: Int) throws(APIError) -> Int {
        guard bytes > Self.small else { return 0 }
        let fits = free.withLock { free in
            guard free >= bytes else { return false }
            free -= bytes
            return true
        }
        guard fits else {
            throw APIError(
                .serviceUnavailable, "too many large requests are being read; try again",
                headers: [.retryAfter: "1"])
        }
        return bytes
    }

    /// Ends a reservation.
    func giveBack(_ bytes: Int) {
        free.withLock { $0 += bytes }
    }
}

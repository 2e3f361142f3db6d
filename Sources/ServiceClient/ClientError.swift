import WeightStore

/// Why the daemon could not be asked, or what it answered instead.
package enum ClientError: Error, Equatable, CustomStringConvertible {
    /// Nobody listens at the socket.
    case noDaemon(socket: String, reason: String)
    /// The daemon is there and answered with an error.
    case refused(status: Int, message: String)
    /// What came back is not what the daemon says it answers.
    case unexpected(String)
    /// The connection ended before the answer did.
    case interrupted(socket: String)

    package var description: String {
        switch self {
        case .noDaemon(let socket, let reason):
            "no daemon answers at \(printable(socket)) (\(printable(reason))); start one with "
                + "inkstone serve, or name its socket with --socket"
        case .refused(_, let message):
            "the daemon refused: \(printable(message))"
        case .unexpected(let found):
            "the daemon answered what this program does not understand: \(printable(found))"
        case .interrupted(let socket):
            "the daemon at \(printable(socket)) ended the connection; see inkstone jobs for what "
                + "it accepted"
        }
    }
}

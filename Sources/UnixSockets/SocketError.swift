import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Why the daemon cannot listen.
package enum SocketError: Error, Equatable, CustomStringConvertible {
    /// A system call failed; `action` completes "cannot …", `code` is `errno`.
    case system(path: String, action: String, code: Int32)
    /// Another daemon has the socket.
    case inUse(path: String)
    /// Something that is no socket is where the socket should be.
    case notASocket(path: String)
    /// The kernel takes no longer paths.
    case pathTooLong(path: String, limit: Int)
    /// The folder of the socket is not safe.
    case openFolder(path: String, problem: String)
    /// An address to listen on that makes no sense, or is not allowed.
    case address(String, problem: String)
    /// What was inherited under `LISTEN_FDS` is no listening socket.
    case inherited(Int32)
    /// The sockets that were to be handed over are not there.
    case nothingInherited
    /// A token file that holds no token.
    case token(path: String, problem: String)

    package var description: String {
        switch self {
        case .system(let path, let action, let code):
            "cannot \(action) \(printable(path)): \(String(cString: strerror(code)))"
        case .inUse(let path):
            "a daemon is listening at \(printable(path)) already; stop it, or choose another "
                + "socket with --socket"
        case .notASocket(let path):
            "\(printable(path)) is there and is not a socket; move it away, or choose another "
                + "path with --socket"
        case .pathTooLong(let path, let limit):
            "\(printable(path)): a socket's path has at most \(limit) bytes, this one has "
                + "\(path.utf8.count); choose another with --socket"
        case .openFolder(let path, let problem):
            "\(printable(path)) \(problem); mend its permissions, or choose another socket with "
                + "--socket"
        case .address(let address, let problem):
            "--listen \(printable(address)): \(problem)"
        case .inherited(let descriptor):
            "descriptor \(descriptor), given by LISTEN_FDS, is no listening socket"
        case .nothingInherited:
            "no socket was handed over; name one with --socket"
        case .token(let path, let problem):
            "\(printable(path)): \(problem)"
        }
    }
}

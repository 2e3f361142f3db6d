import ArgumentParser
import ServiceClient
import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Where the daemon is spoken to.
struct SocketOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The daemon's Unix socket. (default: $XDG_RUNTIME_DIR/inkstone/inkstone.sock, for root, \
            and where there is no other, /run/inkstone/inkstone.sock)
            """, valueName: "path"))
    var socket: String?

    /// Where the system's daemon listens.
    private static let systemPath = "/run/inkstone/inkstone.sock"

    /// The path of the user's own socket; throws where none is given and the session has no folder
    /// for sockets.
    func path() throws -> String {
        if let socket { return socket }
        if geteuid() == 0 { return Self.systemPath }
        guard let folder = environmentVariable("XDG_RUNTIME_DIR") else {
            throw UsageError("XDG_RUNTIME_DIR is not set; name the daemon's socket with --socket")
        }
        return "\(folder)/inkstone/inkstone.sock"
    }

    /// A client of the user's own daemon, or of the system's where the user has none.
    func client() throws -> DaemonClient {
        if socket == nil, isThere(Self.systemPath) {
            guard let own = try? path(), isThere(own) else {
                return DaemonClient(socket: Self.systemPath)
            }
        }
        return DaemonClient(socket: try path())
    }

    /// Whether something is at a path, or is hidden from this user: then it is worth a refusal.
    private func isThere(_ path: String) -> Bool { access(path, F_OK) == 0 || errno == EACCES }
}

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
            The daemon's Unix socket. (default: $XDG_RUNTIME_DIR/inkstone/inkstone.sock, for root \
            /run/inkstone/inkstone.sock)
            """, valueName: "path"))
    var socket: String?

    /// The socket's path; throws where none is given and the session has no folder for sockets.
    func path() throws -> String {
        if let socket { return socket }
        if geteuid() == 0 { return "/run/inkstone/inkstone.sock" }
        guard let folder = environmentVariable("XDG_RUNTIME_DIR") else {
            throw UsageError("XDG_RUNTIME_DIR is not set; name the daemon's socket with --socket")
        }
        return "\(folder)/inkstone/inkstone.sock"
    }

    /// A client of the daemon there.
    func client() throws -> DaemonClient { DaemonClient(socket: try path()) }
}

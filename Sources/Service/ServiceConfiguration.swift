package import UnixSockets

/// Where the daemon listens, and to whom.
package struct ServiceConfiguration: Sendable {
    /// The Unix socket; nil, and not used, where the service manager hands sockets over.
    package var socket: String?
    /// Permissions of the socket.
    package var socketMode: UInt32 = 0o600
    /// The group that the socket is given to.
    package var socketGroup: UInt32?
    /// Who is let in over the Unix socket.
    package var access = AccessPolicy()
    /// A TCP address to listen on as well.
    package var network: NetworkAddress?
    /// What requests over TCP must bring; needed where others than this machine can reach it.
    package var token: Token?
    /// What a connection may take.
    package var limits = ConnectionLimits()
    /// The program's version.
    package var version: String

    /// A service that listens on a Unix socket of mode 0600 only.
    package init(socket: String?, version: String) {
        self.socket = socket
        self.version = version
    }
}

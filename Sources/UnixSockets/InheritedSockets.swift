import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Listening sockets that the service manager made and handed over.
/// - Source: systemd, sd_listen_fds(3).
package enum InheritedSockets {
    /// One of them.
    package struct Socket: Equatable {
        package let descriptor: Int32
        package let isLocal: Bool
    }

    /// The sockets for this process; the environment no longer speaks of them afterwards.
    package static func take() throws(SocketError) -> [Socket] {
        defer { for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsetenv(name) } }
        var sockets: [Socket] = []
        for descriptor in 3..<3 + count { sockets.append(try socket(descriptor)) }
        return sockets
    }

    /// How many there are, before they are taken.
    package static var count: Int32 {
        guard environmentVariable("LISTEN_PID").flatMap({ Int32($0) }) == getpid(),
            let count = environmentVariable("LISTEN_FDS").flatMap({ Int32($0) }), count > 0,
            count <= 64
        else { return 0 }
        return count
    }

    private static func socket(_ descriptor: Int32) throws(SocketError) -> Socket {
        guard option(SO_ACCEPTCONN, of: descriptor) == 1,
            let domain = option(SO_DOMAIN, of: descriptor),
            [AF_UNIX, AF_INET, AF_INET6].contains(domain)
        else { throw .inherited(descriptor) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return Socket(descriptor: descriptor, isLocal: domain == AF_UNIX)
    }

    private static func option(_ name: Int32, of descriptor: Int32) -> Int32? {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
    }
}

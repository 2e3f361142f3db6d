#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The process at the other end of a Unix socket, as the kernel noted it when it connected.
package struct Peer: Sendable, Equatable {
    package var uid: UInt32
    package var gid: UInt32
    package var pid: Int32
    /// Its supplementary groups.
    package var groups: [UInt32]

    /// A peer of these numbers.
    package init(uid: UInt32, gid: UInt32, pid: Int32, groups: [UInt32] = []) {
        self.uid = uid
        self.gid = gid
        self.pid = pid
        self.groups = groups
    }

    /// Asks the kernel about a connected socket; nil where it is no Unix socket.
    package init?(socket: Int32) {
        // The struct of the C library is behind a feature macro that Swift's module does not set.
        var credentials: (pid: Int32, uid: UInt32, gid: UInt32) = (0, .max, .max)
        var size = socklen_t(MemoryLayout.size(ofValue: credentials))
        guard getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0,
            size == MemoryLayout.size(ofValue: credentials), credentials.uid != .max
        else { return nil }
        self.init(
            uid: credentials.uid, gid: credentials.gid, pid: credentials.pid,
            groups: Self.groups(of: socket))
    }

    /// - Source: Linux, `SO_PEERGROUPS` of socket(7); none where the kernel does not know it.
    private static func groups(of socket: Int32) -> [UInt32] {
        let peerGroups: Int32 = 59
        var groups = [UInt32](repeating: 0, count: 64)
        while true {
            let room = groups.count * MemoryLayout<UInt32>.size
            var size = socklen_t(room)
            if getsockopt(socket, SOL_SOCKET, peerGroups, &groups, &size) == 0 {
                return Array(groups.prefix(Int(size) / MemoryLayout<UInt32>.size))
            }
            // The kernel says how much it would have needed.
            guard errno == ERANGE, Int(size) > room, Int(size) <= 1 << 20 else { return [] }
            groups = [UInt32](repeating: 0, count: Int(size) / MemoryLayout<UInt32>.size)
        }
    }
}

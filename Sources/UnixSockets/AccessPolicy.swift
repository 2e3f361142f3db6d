#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Who may speak to the daemon over its Unix socket: who runs it, root, and those named here.
package struct AccessPolicy: Sendable {
    /// Users by number.
    package var users: Set<UInt32> = []
    /// Groups by number; members by their login count, too.
    package var groups: Set<UInt32> = []
    /// Who runs the daemon.
    package var daemon: UInt32 = geteuid()

    /// Nobody else.
    package init() {}

    /// Whether a peer is let in.
    package func allows(_ peer: Peer) -> Bool {
        peer.uid == daemon || peer.uid == 0 || users.contains(peer.uid)
            || groups.contains(peer.gid) || !groups.isDisjoint(with: peer.groups)
    }
}

/// The number of a user given by number or name; nil where there is none.
package func userNumber(_ text: String) -> UInt32? {
    if let number = UInt32(text) { return number }
    return getpwnam(text).map { $0.pointee.pw_uid }
}

/// The number of a group given by number or name; nil where there is none.
package func groupNumber(_ text: String) -> UInt32? {
    if let number = UInt32(text) { return number }
    return getgrnam(text).map { $0.pointee.gr_gid }
}

import Jobs
import UnixSockets

/// Where a connection comes from.
struct Connection: Sendable {
    /// The two kinds of sockets, which are guarded differently.
    enum Kind: Sendable {
        /// A Unix socket and who is at its other end.
        case local(Peer)
        /// A TCP socket, open to whatever runs on this machine or, with a token, elsewhere.
        case network
    }

    let kind: Kind

    /// Who gives the jobs that come this way.
    var owner: JobOwner? {
        guard case .local(let peer) = kind else { return nil }
        return JobOwner(uid: peer.uid, gid: peer.gid, pid: peer.pid)
    }
}

extension Connection: CustomStringConvertible {
    /// For logs.
    var description: String {
        switch kind {
        case .local(let peer): "uid \(peer.uid), pid \(peer.pid)"
        case .network: "over TCP"
        }
    }
}

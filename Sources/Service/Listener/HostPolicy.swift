import HTTPTypes

/// Guards the TCP port against pages of other sites in a browser on this machine, which can reach
/// it, too.
struct HostPolicy: Sendable {
    /// Names that a browser may call the daemon by; nil for any, where a token is asked for.
    let names: Set<String>?

    /// - Parameters:
    ///   - address: what the daemon listens on.
    ///   - hasToken: whether each request must bring a secret that no browser adds by itself.
    init(listeningAt address: NetworkAddress, hasToken: Bool) {
        let isOpen = hasToken && address.isWildcard
        names = isOpen ? nil : ["localhost", "127.0.0.1", "::1", address.host.lowercased()]
    }

    /// Whether the `Host` header names the daemon. A name that an attacker's DNS points here does
    /// not; the port is not looked at, so that tunnels may change it.
    func allows(host: String?) -> Bool {
        guard let names else { return true }
        return host.flatMap(Self.name).map(names.contains) ?? false
    }

    /// Whether a request that changes something comes from one of the daemon's own pages, or from
    /// no page at all.
    func allows(origin: String?, fetchSite: String?, host: String?) -> Bool {
        if let fetchSite, fetchSite != "same-origin", fetchSite != "none" { return false }
        guard let origin else { return true }
        return host.map { origin.lowercased() == "http://\($0.lowercased())" } ?? false
    }

    /// The host without its port and brackets, in lower case.
    private static func name(_ host: String) -> String? {
        let host = host.lowercased()
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]") else { return nil }
            return String(host[host.index(after: host.startIndex)..<end])
        }
        return host.split(separator: ":", omittingEmptySubsequences: false).first.map(String.init)
    }
}

import NIOCore

/// An address to listen on, such as `127.0.0.1:7860`, `[::1]:7860` or `localhost:7860`.
package struct NetworkAddress: Sendable, Equatable {
    /// The host as it was written, without brackets.
    let host: String
    let port: Int

    /// Nil where the text is none.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...])
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.host = host
        self.port = Int(port)
    }

    /// Whether only this machine can reach it.
    var isLoopback: Bool {
        host == "localhost" || host == "::1" || (host.hasPrefix("127.") && socketAddress != nil)
    }

    /// Whether it stands for all addresses of this machine.
    var isWildcard: Bool { host == "0.0.0.0" || host == "::" }

    /// The address for the kernel; nil where the host is no address. Names are not looked up: what
    /// they mean may change.
    var socketAddress: SocketAddress? {
        try? SocketAddress(ipAddress: host == "localhost" ? "127.0.0.1" : host, port: port)
    }
}

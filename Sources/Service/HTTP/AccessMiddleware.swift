import HTTPTypes
import Hummingbird
import Logging
import UnixSockets

/// Lets in who may speak to the daemon, and nobody else.
struct AccessMiddleware: RouterMiddleware {
    let policy: AccessPolicy
    /// For connections over TCP.
    let hosts: HostPolicy?
    let token: Token?

    /// What a browser must be able to fetch before a person has typed the token.
    private static let openPaths: Set<String> = ["/", "/healthz"]

    func handle(
        _ request: Request, context: ServiceContext,
        next: (Request, ServiceContext) async throws -> Response
    ) async throws -> Response {
        // RFC 9112, 3.2: a request that does not name its host is refused.
        guard request.head.authority != nil else {
            throw APIError(.badRequest, "expected a Host header, found none")
        }
        switch context.connection.kind {
        case .local(let peer): try check(peer, context.logger)
        case .network: try check(request)
        }
        return try await next(request, context)
    }

    private func check(_ peer: Peer, _ logger: Logger) throws(APIError) {
        guard !policy.allows(peer) else { return }
        logger.warning(
            "refused a request of uid \(peer.uid), gid \(peer.gid), pid \(peer.pid)")
        throw APIError(
            .forbidden,
            "user \(peer.uid) may not speak to this daemon; who runs it can say --allow-uid or "
                + "--allow-group")
    }

    private func check(_ request: Request) throws(APIError) {
        let host = request.head.authority
        guard hosts?.allows(host: host) ?? true else {
            throw APIError(
                .misdirectedRequest,
                "Host: this daemon does not go by the name \((host ?? "none").prefix(100))")
        }
        if let token, !Self.openPaths.contains(request.uri.path),
            !token.matches(request.headers[.authorization])
        {
            throw APIError(
                .unauthorized, "expected the daemon's token as Authorization: Bearer …",
                headers: [.wwwAuthenticate: "Bearer"])
        }
        guard request.method != .get, request.method != .head else { return }
        let isOwn = hosts?.allows(
            origin: request.headers[.origin],
            fetchSite: request.headers[.fetchSite], host: host)
        guard isOwn ?? true else {
            throw APIError(.forbidden, "requests of other sites' pages are not served")
        }
    }
}

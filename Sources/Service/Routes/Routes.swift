import HTTPTypes
import Hummingbird

/// Collects routes, and which methods each address knows.
final class Routes {
    typealias Handler = @Sendable (Request, ServiceContext) async throws -> Response

    private var entries: [(method: HTTPRequest.Method, path: String, handler: Handler)] = []

    func get(_ path: String, _ handler: @escaping Handler) {
        entries.append((.get, path, handler))
    }

    func post(_ path: String, _ handler: @escaping Handler) {
        entries.append((.post, path, handler))
    }

    func delete(_ path: String, _ handler: @escaping Handler) {
        entries.append((.delete, path, handler))
    }

    /// What answers requests.
    /// - Parameter guards: what each request passes through first, outermost first.
    func responder(
        guards: [any MiddlewareProtocol<Request, Response, ServiceContext>]
    ) -> RouterResponder<ServiceContext> {
        var table = RouteTable()
        for entry in entries { table.add(entry.method, entry.path) }
        let router = Router(
            context: ServiceContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: RequestMetrics())
        router.add(middleware: ErrorMiddleware(table: table))
        for middleware in guards { router.add(middleware: middleware) }
        for entry in entries {
            router.on(RouterPath(entry.path), method: entry.method, use: entry.handler)
        }
        return router.buildResponder()
    }
}

import HTTPTypes
import Hummingbird
import Logging
import NIOHTTP1

/// Turns errors into answers, and says which methods an address knows.
struct ErrorMiddleware: RouterMiddleware {
    let table: RouteTable

    func handle(
        _ request: Request, context: ServiceContext,
        next: (Request, ServiceContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPParserError {
            // The body is no HTTP: the connection has lost its place and is given up.
            throw error
        } catch {
            let error = answer(to: error, request, context)
            if error.status.code >= 500, error.status != .serviceUnavailable {
                context.logger.error("\(request.method) \(request.uri.path): \(error.message)")
            }
            return error.response(path: request.uri.path)
        }
    }

    private func answer(
        to error: any Error, _ request: Request, _ context: ServiceContext
    ) -> APIError {
        guard context.endpointPath == "NotFound", (error as? HTTPError)?.status == .notFound else {
            return APIError(error)
        }
        let methods = table.methods(of: request.uri.path).map(\.rawValue).joined(separator: ", ")
        guard methods.isEmpty else {
            return APIError(
                .methodNotAllowed, "\(request.method): this address knows \(methods)",
                headers: [.allow: methods])
        }
        return .notFound("there is nothing at this address; GET /openapi.json tells what there is")
    }
}

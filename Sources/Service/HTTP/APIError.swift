import HTTPTypes
import Hummingbird
import Jobs
import NIOCore
import WeightStore

/// A request that is answered with an error.
struct APIError: Error {
    var status: HTTPResponse.Status
    /// One sentence for people.
    var message: String
    /// Which field of a JSON body is at fault, where it is one.
    var problem: RequestProblem?
    var headers: HTTPFields = [:]

    init(
        _ status: HTTPResponse.Status, _ message: String, problem: RequestProblem? = nil,
        headers: HTTPFields = [:]
    ) {
        self.status = status
        self.message = message
        self.problem = problem
        self.headers = headers
    }

    /// A field that is not what it must be.
    static func badRequest(_ problem: RequestProblem) -> APIError {
        APIError(.badRequest, problem.description, problem: problem)
    }

    /// There is nothing at this address.
    static func notFound(_ message: String) -> APIError { APIError(.notFound, message) }

    /// The answer to an error of any kind.
    init(_ error: any Error) {
        switch error {
        case let error as APIError:
            self = error
        case let error as JobError:
            self.init(error)
        case let problem as RequestProblem:
            self = .badRequest(problem)
        case let error as HTTPError:
            self.init(error.status, error.body ?? error.status.reasonPhrase, headers: error.headers)
        case is NIOTooManyBytesError:
            self.init(.contentTooLarge, "the body is larger than this daemon accepts")
        default:
            self.init(.internalServerError, "\(error)")
        }
    }

    private init(_ error: JobError) {
        switch error {
        case .refused(let problem):
            self = .badRequest(problem)
        case .unknownModel(let sentence):
            self.init(.notFound, sentence)
        case .queueFull(let seconds):
            self.init(
                .tooManyRequests, error.description, headers: [.retryAfter: String(seconds)])
        case .storage:
            self.init(
                HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage"),
                error.description)
        case .stopping:
            self.init(.serviceUnavailable, error.description, headers: [.retryAfter: "5"])
        }
    }
}

extension APIError {
    /// The answer in the shape that callers of `path` expect.
    func response(path: String) -> Response {
        var body: JSONValue = ["error": .object(details)]
        if path.hasPrefix("/sdapi/") { body = webUIBody }
        if path.hasPrefix("/v1/images/") { body = openAIBody }
        var response = Response.json(body, status: status)
        response.headers.append(contentsOf: headers)
        return response
    }

    private var details: JSONObject {
        var object: JSONObject = ["message": .string(message)]
        if let problem {
            object["field"] = .string(problem.field)
            object["expected"] = .string(problem.expected)
            object["found"] = .string(problem.found)
        }
        return object
    }

    /// - Source: OpenAI's API reference, error objects.
    private var openAIBody: JSONValue {
        let kind =
            switch status.code {
            case 401, 403: "authentication_error"
            case 429: "rate_limit_error"
            case 500...: "server_error"
            default: "invalid_request_error"
            }
        var object = details
        object["type"] = .string(kind)
        object["param"] = problem.map { .string($0.field) } ?? .null
        object["code"] = .null
        return ["error": .object(object)]
    }

    /// - Source: AUTOMATIC1111 stable-diffusion-webui, `modules/api/api.py`, `handle_exception`.
    private var webUIBody: JSONValue {
        [
            "error": .string(status.reasonPhrase), "detail": .string(message), "body": "",
            "errors": .string(message),
        ]
    }
}

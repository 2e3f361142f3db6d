internal import Pipeline
internal import WeightStore

/// Why a request is refused: a field, what was expected of it, what was found.
package struct RequestProblem: Error, Equatable, Sendable, CustomStringConvertible {
    /// The JSON key; empty for the request as a whole.
    package var field: String
    package var expected: String
    package var found: String

    package init(field: String, expected: String, found: String) {
        self.field = field
        self.expected = expected
        self.found = found
    }

    /// One sentence; text of the request is cut and made safe to print.
    package var description: String {
        (field.isEmpty ? "" : "\(printable(field)): ")
            + "expected \(expected), found \(printable(found))"
    }
}

/// Why the queue does not do what it was asked.
package enum JobError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The request makes no sense, or is beyond what this daemon takes on.
    case refused(RequestProblem)
    /// There is no model of that name; the sentence says which there are.
    case unknownModel(String)
    /// Too many jobs are waiting; worth another try after so many seconds.
    case queueFull(retryAfter: Int)
    /// The job could not be made durable.
    case storage(String)
    /// The daemon is shutting down.
    case stopping

    package var description: String {
        switch self {
        case .refused(let problem): problem.description
        case .unknownModel(let sentence): sentence
        case .queueFull(let seconds):
            "too many jobs are waiting; try again in \(seconds) seconds"
        case .storage(let reason): "the job could not be stored: \(reason)"
        case .stopping: "the daemon is shutting down; try again when it is back"
        }
    }
}

extension JobError {
    /// What the pipeline refused, as the one who asked should hear it.
    init(_ error: any Error) {
        switch error {
        case let error as JobError:
            self = error
        case let problem as RequestProblem:
            self = .refused(problem)
        case PipelineError.invalidRequest(let field, let expected, let found):
            let key = field.split(separator: " ").joined(separator: "_")
            self = .refused(RequestProblem(field: key, expected: expected, found: found))
        case PipelineError.modelNotFound:
            self = .unknownModel("\(error)")
        default:
            self = .refused(
                RequestProblem(
                    field: "", expected: "a picture that can be drawn", found: "\(error)"))
        }
    }
}

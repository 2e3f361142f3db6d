import Jobs

/// Runs `body` and lets its complaints name fields as this interface does.
/// - Parameter names: names of this interface by those of `JobRequest`.
func naming<Value>(
    _ names: [String: String], _ body: () async throws -> Value
) async throws -> Value {
    func renamed(_ problem: RequestProblem) -> RequestProblem {
        RequestProblem(
            field: names[problem.field] ?? problem.field, expected: problem.expected,
            found: problem.found)
    }
    do {
        return try await body()
    } catch let problem as RequestProblem {
        throw renamed(problem)
    } catch JobError.refused(let problem) {
        throw JobError.refused(renamed(problem))
    }
}

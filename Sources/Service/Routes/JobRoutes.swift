import HTTPTypes
import Hummingbird
import Jobs
import Logging
import WeightStore

extension Routes {
    /// `/v1/jobs`: what is drawn, was drawn and will be.
    func addJobs(_ desk: Desk) {
        post("/v1/jobs") { request, context in
            var request = request
            let object = try await request.jsonObject(
                upTo: BodyLimit.pictures, within: desk.budget)
            let job = try await desk.submit(try JobRequest(json: .object(object)), context)
            // As it stands by now: its place in the queue is not known before it is in there.
            let current = desk.queue.job(job.id) ?? job
            var response = Response.json(current.json, status: .accepted)
            response.headers[.location] = "/v1/jobs/\(job.id)"
            return response
        }
        get("/v1/jobs") { request, _ in
            let query = try JobQuery(request.uri.queryParameters)
            return .json(query.answer(from: desk.queue))
        }
        get("/v1/jobs/{id}") { _, context in
            .json(try desk.job(try context.parameters.require("id")).json)
        }
        delete("/v1/jobs/{id}") { _, context in
            let id = try context.parameters.require("id")
            _ = try desk.job(id)
            return .json(try await desk.cancel(id, context).json)
        }
    }
}

/// What `GET /v1/jobs` asks for.
private struct JobQuery {
    let state: JobState?
    let after: String?
    let limit: Int

    init(_ parameters: Parameters) throws(RequestProblem) {
        let states = JobState.allCases.map(\.rawValue).joined(separator: ", ")
        state = try parameters.read("state", "one of \(states)", JobState.init)
        after = try parameters.read("after", "a job's number, 00000012-5f3a9c2e") {
            Self.isJobID($0) ? $0 : nil
        }
        limit =
            try parameters.read("limit", "an integer in 1...1000") { text in
                Int(text).flatMap { (1...1000).contains($0) ? $0 : nil }
            } ?? 100
    }

    func answer(from queue: JobQueue) -> JSONValue {
        // One more than asked for tells whether there is more.
        let jobs = queue.jobs(state: state, after: after, limit: limit + 1)
        let shown = jobs.prefix(limit)
        let next = jobs.count > limit ? shown.last?.id : nil
        return [
            "jobs": .array(shown.map(\.json)), "next": next.map { .string($0) } ?? .null,
        ]
    }

    private static func isJobID(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let letters = UInt8(ascii: "a")...UInt8(ascii: "f")
        return parts.count == 2 && parts[0].count == 8 && parts[1].count == 8
            && parts[0].allSatisfy(digits.contains)
            && parts[1].allSatisfy { digits.contains($0) || letters.contains($0) }
    }
}

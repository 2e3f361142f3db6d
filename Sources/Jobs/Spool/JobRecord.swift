internal import WeightStore

/// What the disk knows of a job: `request.json` is written once, `state.json` whenever it changes.
struct JobRecord: Sendable, Equatable {
    var job: Job
    /// How often drawing was begun from `mark`, and did not get past it.
    var attempts = 0
    /// In how many of them the process crashed, as far as is known.
    var crashes = 0
    /// Where drawing was begun the last time: picture and step.
    var mark = ""

    private static let version: Int64 = 1

    var requestJSON: JSONObject {
        [
            "version": .integer(Self.version), "id": .string(job.id),
            "created": .integer(job.created), "owner": job.owner?.json ?? .null,
            "request": job.request.json,
        ]
    }

    var stateJSON: JSONObject {
        func number(_ value: Int64?) -> JSONValue { value.map { .integer($0) } ?? .null }
        return [
            "version": .integer(Self.version), "state": .string(job.state.rawValue),
            "started": number(job.started), "finished": number(job.finished),
            "images": .array(job.images.map { $0.json(url: nil) }),
            "error": job.error.map { .string($0) } ?? .null,
            "attempts": .integer(Int64(attempts)), "crashes": .integer(Int64(crashes)),
            "mark": .string(mark),
        ]
    }

    /// A record as a job's folder has it; nil where its request cannot be made out.
    /// - Parameter state: nil where there is none yet.
    init?(id: String, request: JSONObject, state: JSONObject?) {
        guard request["version"]?.int == Int(Self.version), request["id"]?.string == id,
            let created = request["created"]?.int, var fields = request["request"]?.object
        else { return nil }
        // The pictures themselves stay on the disk.
        for input in JobInput.allCases {
            input.replace(in: &fields) { $0.bool == true ? "" : nil }
        }
        guard let read = try? JobRequest(json: .object(fields)) else { return nil }
        job = Job(
            id: id, request: read, owner: request["owner"].flatMap(JobOwner.init(json:)),
            created: Int64(created))
        if let state { take(state) }
    }

    init(_ job: Job) { self.job = job }

    private mutating func take(_ state: JSONObject) {
        job.state = state["state"]?.string.flatMap(JobState.init) ?? .queued
        job.started = state["started"]?.int.map(Int64.init)
        job.finished = state["finished"]?.int.map(Int64.init)
        job.images = (state["images"]?.array ?? []).compactMap(JobImage.init(json:))
        job.error = state["error"]?.string
        attempts = state["attempts"]?.int ?? 0
        crashes = state["crashes"]?.int ?? 0
        mark = state["mark"]?.string ?? ""
    }
}

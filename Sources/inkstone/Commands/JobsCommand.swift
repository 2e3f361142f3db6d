import ArgumentParser
import ServiceClient
import Terminal
import WeightStore

/// `inkstone jobs`: what the daemon draws, has drawn and will.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "List the daemon's jobs, or show one.",
        discussion: """
            Examples:
              inkstone jobs
              inkstone jobs --state queued
              inkstone jobs 00000012-5f3a9c2e --json
            """)

    @Argument(help: "A job's number, to show that job alone.")
    var id: String?

    @Option(
        help: ArgumentHelp(
            "Only jobs in this state: queued, running, done, failed or cancelled.",
            valueName: "state"))
    var state: String?

    @Flag(help: "Print JSON, as the daemon has it.")
    var json = false

    @OptionGroup var socket: SocketOption

    func validate() throws {
        let states = ["queued", "running", "done", "failed", "cancelled"]
        guard state.map(states.contains) ?? true else {
            throw ValidationError(
                "--state: expected one of \(states.joined(separator: ", ")), found \(state ?? "")")
        }
        if let id { try checkJobID(id) }
    }

    func run() async throws {
        let client = try socket.client()
        if let id {
            let job = try await client.json("GET", "/v1/jobs/\(id)")
            try show([job], whole: job)
            return
        }
        let jobs = try await all(client)
        try show(jobs, whole: .array(jobs))
    }

    /// Page after page.
    private func all(_ client: DaemonClient) async throws -> [JSONValue] {
        var jobs: [JSONValue] = []
        var after: String?
        repeat {
            let filters = [state.map { "state=\($0)" }, after.map { "after=\($0)" }, "limit=1000"]
            let query = filters.compactMap { $0 }.joined(separator: "&")
            let page = try await client.json("GET", "/v1/jobs?\(query)")
            jobs += page["jobs"]?.array ?? []
            after = page["next"]?.string
        } while after != nil
        return jobs
    }

    private func show(_ jobs: [JSONValue], whole: JSONValue) throws {
        guard !json else {
            try StandardOutput.write(whole.serialized(pretty: true))
            return
        }
        let rows = jobs.map { job in
            [
                job["id"]?.string ?? "", stateText(job), job["created"]?.string ?? "",
                "\(job["images"]?.array?.count ?? 0)", subject(job),
            ]
        }
        try StandardOutput.write(
            table(
                header: ["job", "state", "accepted", "pictures", "what"], rows: rows,
                alignRight: [3]))
        for job in jobs {
            if let error = job["error"]?.string, id != nil {
                try StandardOutput.write(printable(error) + "\n")
            }
        }
    }

    private func stateText(_ job: JSONValue) -> String {
        let state = job["state"]?.string ?? ""
        if let position = job["position"]?.int { return "\(state), \(position) ahead" }
        guard let progress = job["progress"], progress != .null else { return state }
        let steps = "\(progress["step"]?.int ?? 0)/\(progress["steps"]?.int ?? 0)"
        return "\(progress["stage"]?.string ?? state) \(steps)"
    }

    private func subject(_ job: JSONValue) -> String {
        let request = job["request"]
        if request?["task"]?.string == "enlarge" { return "a picture to enlarge" }
        let prompt = request?["prompt"]?.string ?? ""
        return printable(prompt.count > 40 ? "\(prompt.prefix(39))…" : prompt)
    }
}

/// Job numbers go into addresses as they are.
func checkJobID(_ id: String) throws {
    let isPlain = id.utf8.allSatisfy { byte in
        byte == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
    guard isPlain, !id.isEmpty, id.utf8.count <= 40 else {
        throw ValidationError(
            "expected a job's number such as 00000012-5f3a9c2e, found \(printable(id))")
    }
}

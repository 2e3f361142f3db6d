import FoundationEssentials
import Jobs
import Pipeline
import ServiceClient
import WeightStore

// Drawing by the daemon: the same options, names, progress and bytes as drawing here.

extension GenerateCommand {
    func drawInDaemon() async throws {
        let client = try socket.client()
        let body = try daemonRequest()
        if output != nil {
            for index in 0..<count { try target(seed: 0, index: index).check() }
        }
        let job = try await client.json("POST", "/v1/jobs", body)
        guard let id = job["id"]?.string else { throw ClientError.unexpected(job.text) }
        let delivery = Delivery(command: self, client: client, id: id)
        defer { delivery.display.finish() }
        // Whoever ends this command does not end the job.
        delivery.display.note("job \(id): inkstone cancel \(id) takes it back")
        try await delivery.run()
    }

    private func daemonRequest() throws -> JSONValue {
        let wishes = try wishes()
        var object: JSONObject = [
            "prompt": .string(wishes.prompt), "negative_prompt": .string(wishes.negativePrompt),
            "model": .string(wishes.model),
            "count": .integer(Int64(count)), "upscale": .bool(upscale || upscaler != nil),
        ]
        object["steps"] = wishes.steps.map { .integer(Int64($0)) }
        object["guidance"] = wishes.guidance.map { .number($0) }
        object["sampler"] = wishes.sampler.map { .string($0) }
        object["upscaler"] = upscaler.map { .string($0) }
        object["width"] = wishes.size.map { .integer(Int64($0.width)) }
        object["height"] = wishes.size.map { .integer(Int64($0.height)) }
        if let initial {
            object["image"] = try Self.file(initial)
            object["mask"] = try mask.map(Self.file)
            object["strength"] = strength.map { .number($0) }
        }
        object["depth_map"] = try depthMap.map(Self.file)
        if !wishes.loras.isEmpty {
            object["loras"] = .array(
                wishes.loras.map { ["name": .string($0.name), "scale": .number($0.scale)] })
        }
        if !control.isEmpty {
            object["controls"] = .array(try control.map(controlRequest))
        }
        object["vae"] = wishes.vae.map { .string($0) }
        if !wishes.embeddings.isEmpty {
            object["embeddings"] = .array(wishes.embeddings.map { .string($0) })
        }
        if wishes.isLongPrompt { object["long_prompt"] = true }
        if wishes.isPlainPrompt { object["plain_prompt"] = true }
        if let seed = wishes.seed {
            guard let seed = Int64(exactly: seed) else {
                throw UsageError("--seed: the daemon takes seeds up to \(Int64.max), found \(seed)")
            }
            object["seed"] = .integer(seed)
        }
        return .object(object)
    }

    private func controlRequest(_ choice: ControlChoice) throws -> JSONValue {
        var object: JSONObject = [
            "name": .string(choice.net), "image": try Self.file(choice.picture),
            "scale": .number(choice.scale),
        ]
        object["canny"] = canny?.thresholds.json
        return .object(object)
    }

    private static func file(_ name: String) throws -> JSONValue {
        .string(Data(try readInput(name, limit: 1 << 30)).base64EncodedString())
    }
}

/// Follows a job and writes its pictures as they are finished.
private final class Delivery {
    let display: GenerationDisplay
    private let command: GenerateCommand
    private let client: DaemonClient
    private let id: String
    private var written = 0
    private var isOver = false
    /// How often a daemon that went away is looked for, once a second.
    private static let patience = 60

    init(command: GenerateCommand, client: DaemonClient, id: String) {
        self.command = command
        self.client = client
        self.id = id
        display = GenerationDisplay(quiet: command.quiet)
    }

    /// A daemon that is restarted meanwhile draws on where it was.
    func run() async throws {
        var failures = 0
        while !isOver {
            do {
                try await client.events("/v1/jobs/\(id)/events") { event in
                    failures = 0
                    return try await take(event)
                }
                if !isOver { throw ClientError.interrupted(socket: client.socket) }
            } catch let error as ClientError where error.mayPass && failures < Self.patience {
                failures += 1
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// - Returns: whether there is more to come.
    private func take(_ event: ServerSentEvent) async throws -> Bool {
        guard event.name == "job" || event.name == "end" else { return true }
        let job = try JSONValue.parse(Array(event.data.utf8), source: "an event")
        show(job)
        for index in written..<(job["images"]?.array?.count ?? 0) {
            try await write(job, index)
        }
        switch job["state"]?.string {
        case "done": isOver = true
        case "failed":
            throw ClientError.refused(
                status: 500, message: job["error"]?.string ?? "job \(id) failed")
        case "cancelled":
            throw ClientError.refused(status: 409, message: "job \(id) was cancelled")
        default: break
        }
        return !isOver
    }

    private func show(_ job: JSONValue) {
        if let ahead = job["position"]?.int { display.showQueue(ahead: ahead) }
        guard let progress = job["progress"],
            let stage = progress["stage"]?.string.flatMap(Progress.Stage.init),
            let step = progress["step"]?.int, let steps = progress["steps"]?.int
        else { return }
        display.show(
            stage, step: step, of: steps, picture: progress["picture"]?.int ?? 0,
            pictures: progress["pictures"]?.int ?? 1)
    }

    private func write(_ job: JSONValue, _ index: Int) async throws {
        let image = job["images"]?.array?[index]
        let seed = image?["seed"]?.int.flatMap { UInt64(exactly: $0) } ?? 0
        let target = command.target(seed: seed, index: index)
        try target.write(try await client.bytes("/v1/jobs/\(id)/images/\(index)"))
        written = index + 1
        let size = "\(image?["width"]?.int ?? 0)x\(image?["height"]?.int ?? 0)"
        display.note("\(target.name): \(size), seed \(seed)")
    }
}

extension ClientError {
    /// Whether the daemon may be back in a moment.
    fileprivate var mayPass: Bool {
        switch self {
        case .noDaemon, .interrupted: true
        default: false
        }
    }
}

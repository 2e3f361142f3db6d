import Pipeline
import TestSupport
import Testing
import WeightStore

@testable import Jobs

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A queue on the demo model, in a spool of its own.
struct Workplace {
    let folder: String
    var configuration: JobConfiguration

    static let models = repositoryRoot(above: #filePath) + "/Models"

    init(_ folder: String) {
        self.folder = folder
        configuration = JobConfiguration(
            spool: folder + "/spool", library: ModelLibrary(folders: [Self.models]),
            defaultModel: "emoji-zh", defaultUpscaler: "realesr-animevideov3-x4", threads: 2)
    }

    /// The demo model under another path, with defaults of its own.
    static func model(_ path: String, defaults: JSONValue) throws {
        let original = models + "/emoji-zh"
        var json = try JSONObject.load("\(original)/\(Bundle.fileName)")
        json["defaults"] = defaults
        try #require(mkdir(path, 0o755) == 0)
        for name in ["text_encoder", "unet", "vae"].map({ $0 + ".safetensors" }) + ["tokenizer"] {
            try #require(symlink("\(original)/\(name)", "\(path)/\(name)") == 0)
        }
        try AtomicFile.writeAtomically(
            json.serialized(pretty: true), to: "\(path)/\(Bundle.fileName)")
    }

    func queue() throws -> JobQueue { try JobQueue(configuration) }

    /// A queue in the spool of one that is over, and that a thread may hold for a moment still.
    func nextQueue() async throws -> JobQueue {
        for _ in 0..<500 {
            do { return try queue() } catch SpoolError.inUse {
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        return try queue()
    }

    static func request(steps: Int = 6, seed: UInt64 = 5) -> JobRequest {
        var request = JobRequest(prompt: "熊猫，蓝色背景")
        (request.steps, request.guidance, request.seed) = (steps, 1, seed)
        return request
    }
}

extension JobQueue {
    /// Waits for a job's final state while the queue draws, and stops it.
    func finish(_ ids: [String]) async -> [Job] {
        async let drawing: Void = run()
        var jobs: [Job] = []
        for id in ids {
            guard let updates = updates(of: id) else { continue }
            var last: Job?
            for await job in updates { last = job }
            if let last { jobs.append(last) }
        }
        stop()
        await drawing
        return jobs
    }

    func picture(_ id: String, _ index: Int = 0) throws -> [UInt8] {
        try readFile(imageFile(id, index) ?? "none")
    }
}

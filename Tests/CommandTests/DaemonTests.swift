import Foundation
import Pictures
import ServiceClient
import Testing
import WeightStore

/// `inkstone serve` and the commands that speak to it.
@Suite struct DaemonTests {
    private let scratch: Scratch
    private var socket: String { scratch.path("run/s") }
    private var client: DaemonClient { DaemonClient(socket: socket) }

    init() throws {
        scratch = try Scratch()
    }

    /// Starts the daemon on the tiny model and waits until it answers.
    private func start(_ options: [String] = []) async throws -> Process {
        _ = try TinyModel.copy(into: scratch)
        let process = try Program.inkstone.start(
            [
                "serve", "--socket", socket, "--spool", scratch.path("spool"), "--model", "model",
            ] + options, environment: ["INKSTONE_MODELS": scratch.root], in: scratch)
        for _ in 0..<600 {
            if (try? await client.json("GET", "/healthz")) != nil { return process }
            try #require(process.isRunning, "the daemon ended")
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("the daemon does not answer")
        return process
    }

    private func stop(_ process: Process) {
        process.terminate()
        process.waitUntilExit()
    }

    private let small: JSONObject = [
        "prompt": "熊猫", "steps": 4, "width": 32, "height": 32, "seed": 7,
    ]

    private func last(_ id: String) async throws -> JSONValue {
        var last = JSONValue.null
        try await client.events("/v1/jobs/\(id)/events") { event in
            guard event.name == "end" else { return true }
            last = try JSONValue.parse(Array(event.data.utf8))
            return false
        }
        return last
    }

    @Test func pictureIsThatOfTheCommand() async throws {
        let daemon = try await start()
        defer { stop(daemon) }
        let job = try await client.json("POST", "/v1/jobs", .object(small))
        let id = try #require(job["id"]?.string)
        let end = try await last(id)
        #expect(end["state"] == "done")
        #expect(end["owner"]?["pid"]?.int == Int(getpid()))
        let image = try #require(end["images"]?.array?.first)
        let bytes = try await client.bytes(try #require(image["url"]?.string))
        let local = try Program.inkstone.run(
            [
                "generate", "熊猫", "--model", "model", "--steps", "4", "--size", "32x32", "--seed",
                "7", "-o", "-",
            ], environment: ["INKSTONE_MODELS": scratch.root], in: scratch)
        #expect(local.status == 0, "\(local.errors)")
        #expect(bytes == local.output)
        #expect(image["bytes"]?.int == bytes.count)
    }

    @Test func commandDrawsThroughTheDaemon() async throws {
        let daemon = try await start()
        defer { stop(daemon) }
        let folder = try Scratch()
        let run = try Program.inkstone.run(
            [
                "generate", "--daemon", "--socket", socket, "熊猫", "--model", "model", "--steps",
                "4", "--size", "32x32", "--seed", "7", "--count", "2", "-o", "p.png",
            ], in: folder)
        try #require(run.status == 0, "\(run.errors)")
        #expect(try folder.names() == ["p-1.png", "p-2.png"])
        #expect(run.errors.contains("p-2.png: 32x32, seed 8"))
        #expect(run.errors.contains("takes it back"))
        let senseless = try Program.inkstone.run(
            ["generate", "--daemon", "--socket", socket, "熊猫", "--steps", "0"], in: folder)
        #expect(senseless.status == 2 && senseless.errors.contains("steps"), "\(senseless.errors)")
        let text = try decodePNG(try folder.bytes("p-2.png")).text("parameters") ?? ""
        #expect(GenerationParameters(parsing: text).seed == 8)
        let list = try Program.inkstone.run(["jobs", "--socket", socket, "--json"], in: folder)
        let jobs = try JSONValue.parse(list.output).array ?? []
        #expect(jobs.count == 1 && jobs.first?["state"] == "done")
    }

    @Test func jobIsCancelled() async throws {
        let daemon = try await start()
        defer { stop(daemon) }
        let folder = try Scratch()
        var long = small
        long["steps"] = 150
        long["width"] = 512
        long["height"] = 512
        let job = try await client.json("POST", "/v1/jobs", .object(long))
        let id = try #require(job["id"]?.string)
        let run = try Program.inkstone.run(["cancel", id, "--socket", socket], in: folder)
        #expect(run.status == 0, "\(run.errors)")
        #expect(try await last(id)["state"] == "cancelled")
        let other = try await client.json("POST", "/v1/jobs", .object(small))
        let done = try #require(other["id"]?.string)
        #expect(try await last(done)["state"] == "done")
        let late = try Program.inkstone.run(["cancel", done, "--socket", socket], in: folder)
        #expect(late.status == 1 && late.errors.contains("nothing to cancel"), "\(late.errors)")
    }

    @Test(arguments: [
        (#"{"prompt":"a","steps":"x"}"#, "steps"), (#"{"prompt":"a","steps":-1}"#, "steps"),
        (#"{"prompt":"a","steps":1e300}"#, "steps"), (#"{"prompt":"a","width":7}"#, "width"),
        (#"{"prompt":"a","nonsense":1}"#, "nonsense"), (#"{"prompt":" "}"#, "prompt"),
        (#"{"prompt":"a","guidance":-1}"#, "guidance"), (#"{"prompt":"a","count":0}"#, "count"),
        (#"{"prompt":"a","seed":-2}"#, "seed"), (#"{"prompt":1}"#, "prompt"),
        (#"{"task":"enlarge","image":"AAAA"}"#, "image"),
    ])
    func badRequestIsRefusedByItsField(body: String, field: String) async throws {
        let daemon = try await start()
        defer { stop(daemon) }
        let answer = try await client.ask("POST", "/v1/jobs", try JSONValue.parse(Array(body.utf8)))
        #expect(answer.status == 400)
        let error = try JSONValue.parse(answer.body)["error"]
        #expect(error?["field"]?.string == field, "\(error?.text ?? "none")")
        #expect(try await client.json("GET", "/v1/jobs")["jobs"] == [])
    }

    @Test func addressesAndMethodsAreTold() async throws {
        let daemon = try await start()
        defer { stop(daemon) }
        for (method, path, status) in [
            ("GET", "/nowhere", 404), ("PUT", "/v1/jobs", 405), ("GET", "/v1/jobs/x", 404),
            ("GET", "/v1/jobs/00000009-00000000/images/0", 404),
            ("GET", "/v1/jobs?limit=0", 400), ("GET", "/v1/jobs?state=lost", 400),
            ("GET", "/v1/models", 200), ("GET", "/metrics", 200), ("GET", "/openapi.json", 200),
            ("GET", "/", 200),
        ] {
            let answer = try await client.ask(method, path)
            #expect(answer.status == status, "\(method) \(path)")
        }
    }

    @Test func secondDaemonLeavesTheFirstAlone() async throws {
        let daemon = try await start()
        defer { stop(daemon) }
        let second = try Program.inkstone.run(
            ["serve", "--socket", socket, "--spool", scratch.path("other")], in: try Scratch())
        #expect(second.status == 1 && second.errors.contains("already"), "\(second.errors)")
        #expect(try await client.json("GET", "/healthz")["status"] == "ok")
    }

    @Test func terminationIsCleanAndJobsGoOnAfterwards() async throws {
        let daemon = try await start()
        var long = small
        long["steps"] = 60
        let job = try await client.json("POST", "/v1/jobs", .object(long))
        let id = try #require(job["id"]?.string)
        stop(daemon)
        #expect(daemon.terminationReason == .exit && daemon.terminationStatus == 0)
        #expect(!FileManager.default.fileExists(atPath: socket))
        try FileManager.default.removeItem(atPath: scratch.path("model"))
        let next = try await start()
        defer { stop(next) }
        #expect(try await last(id)["state"] == "done")
    }

    @Test func withoutADaemonTheCommandSaysHowToStartOne() throws {
        let run = try Program.inkstone.run(["jobs", "--socket", socket], in: scratch)
        #expect(run.status == 1 && run.errors.contains("inkstone serve"))
        let bad = try Program.inkstone.run(["cancel", "../x", "--socket", socket], in: scratch)
        #expect(bad.status == 2)
    }

    /// What is to show the previews is there, or the daemon does not begin.
    @Test func previewsNeedAnAutoencoder() async throws {
        let made = try Program.quantize.run(
            [TinyModel.fixtures + "/tiny-taesd", scratch.path("tiny"), "--type", "f16"], in: scratch
        )
        try #require(made.status == 0, "\(made.errors)")
        let daemon = try await start(["--preview-vae", "tiny"])
        defer { stop(daemon) }
        var long = small
        long["steps"] = 150
        (long["width"], long["height"]) = (64, 64)
        let id = try #require(
            try await client.json("POST", "/v1/jobs", .object(long))["id"]?.string)
        var previews = 0
        try await client.events("/v1/jobs/\(id)/events") { event in
            if event.name == "preview" { previews += 1 }
            return event.name != "end"
        }
        #expect(previews > 1)
        for name in ["nothing", "realesr-animevideov3-x4"] {
            let other = try Program.inkstone.run(
                [
                    "serve", "--socket", scratch.path("other"), "--spool",
                    scratch.path("other-jobs"),
                    "--preview-vae", name,
                ], in: scratch)
            #expect(other.status == 1 && other.errors.contains(name), "\(other.errors)")
        }
    }
}

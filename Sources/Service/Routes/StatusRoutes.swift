import CPages
import HTTPTypes
import Hummingbird
import Jobs
import NIOCore
import WeightStore

extension Routes {
    /// What there is to draw with, and how the daemon does.
    func addStatus(_ desk: Desk, registry: PrometheusRegistry) {
        let gauges = QueueGauges()
        get("/v1/models") { _, _ in .json(await models(desk.queue)) }
        get("/healthz") { _, _ in
            let statistics = desk.queue.statistics
            return .json([
                "status": "ok", "version": .string(desk.version),
                "queue": .integer(Int64(statistics.counts[.queued] ?? 0)),
                "drawing": .bool(statistics.running != nil),
            ])
        }
        get("/metrics") { _, _ in
            gauges.update(from: desk.queue.statistics, residentBytes: residentBytes())
            return Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: registry.text)))
        }
        get("/openapi.json") { _, _ in
            document(cpages_openapi, type: "application/json")
        }
        get("/") { _, _ in
            var response = document(cpages_page, type: "text/html; charset=utf-8")
            response.headers[.contentSecurityPolicy] = pagePolicy
            return response
        }
    }
}

/// The page brings all of its own and talks to nobody but the daemon.
private let pagePolicy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    + "img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    + "frame-ancestors 'none'"

private func document(_ document: cpages_document, type: String) -> Response {
    let bytes = UnsafeRawBufferPointer(start: document.bytes, count: document.size)
    return Response(
        status: .ok, headers: [.contentType: type, .cacheControl: "no-cache"],
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
}

/// The models, in our own words and in those of OpenAI's API.
private func models(_ queue: JobQueue) async -> JSONValue {
    let models = await queue.modelSummaries()
    let samplers = JobQueue.samplers.map { name, displayName -> JSONValue in
        ["name": .string(name), "display_name": .string(displayName)]
    }
    let drawing = models.filter { $0.kind == .draw }.map { model -> JSONValue in
        [
            "id": .string(model.name), "object": "model", "created": 0, "owned_by": "inkstone",
        ]
    }
    return [
        "models": .array(models.map(\.json)), "samplers": .array(samplers),
        "default_model": .string(queue.configuration.defaultModel),
        "default_upscaler": .string(queue.configuration.defaultUpscaler), "object": "list",
        "data": .array(drawing),
    ]
}

/// Nil without /proc.
private func residentBytes() -> Int? {
    systemText("/proc/self/status").flatMap { number(after: "VmRSS", in: $0) }.map { $0 << 10 }
}

import CoreMetrics
import HTTPTypes
import Hummingbird
import Jobs
import Logging
import Metrics

/// Names of what the daemon counts, and what each tells.
enum MetricName {
    static let requests = "inkstone_http_requests_total"
    static let requestSeconds = "inkstone_http_request_duration_seconds"
    static let jobs = "inkstone_jobs"
    static let pictures = "inkstone_pictures_total"
    static let drawingSeconds = "inkstone_drawing_seconds_total"
    static let drawing = "inkstone_drawing"
    static let residentBytes = "process_resident_memory_bytes"

    static let help = [
        requests: "Requests answered, by method, route and status.",
        requestSeconds: "Seconds until the answer began, by route.",
        jobs: "Jobs in the spool, by state.",
        pictures: "Pictures drawn since the daemon began.",
        drawingSeconds: "Seconds spent drawing since the daemon began.",
        drawing: "Whether a picture is being drawn.",
        residentBytes: "Resident memory size in bytes.",
    ]
}

/// Counts and times requests. A request's route, not its address, names it: there are few routes.
struct RequestMetrics: RouterMiddleware {
    func handle(
        _ request: Request, context: ServiceContext,
        next: (Request, ServiceContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        let elapsed = ContinuousClock.now - start
        let route = context.endpointPath ?? "none"
        let known: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .delete, .options, .patch]
        let method = known.contains(request.method) ? request.method.rawValue : "other"
        Counter(
            label: MetricName.requests,
            dimensions: [
                ("method", method), ("route", route), ("status", String(response.status.code)),
            ]
        ).increment()
        Timer(label: MetricName.requestSeconds, dimensions: [("route", route)])
            .recordSeconds(elapsed / .seconds(1))
        context.logger.debug("\(method) \(route) \(response.status.code)")
        return response
    }
}

/// The queue's figures, brought up to date when somebody asks.
struct QueueGauges: Sendable {
    private let states = JobState.allCases.map { state in
        (state, Meter(label: MetricName.jobs, dimensions: [("state", state.rawValue)]))
    }
    private let drawing = Meter(label: MetricName.drawing)
    private let resident = Meter(label: MetricName.residentBytes)
    private let pictures = FloatingPointCounter(label: MetricName.pictures)
    private let drawingSeconds = FloatingPointCounter(label: MetricName.drawingSeconds)

    func update(from statistics: JobStatistics, residentBytes: Int?) {
        for (state, meter) in states { meter.set(statistics.counts[state] ?? 0) }
        drawing.set(statistics.running == nil ? 0 : 1)
        if let residentBytes { resident.set(residentBytes) }
        pictures.reset()
        pictures.increment(by: Double(statistics.pictures))
        drawingSeconds.reset()
        drawingSeconds.increment(by: statistics.drawingSeconds)
    }
}

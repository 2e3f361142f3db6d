import HTTPTypes
import Hummingbird
import Jobs
import Logging
import ServiceLifecycle
import WeightStore

/// What the routes share: the queue, and how requests become its jobs.
struct Desk: Sendable {
    let queue: JobQueue
    let budget: BodyBudget
    let version: String

    /// What reads other programs' masks.
    var masks: ForeignMask { ForeignMask(pixels: queue.configuration.enlargedPixels) }

    /// Puts a request into the queue for who sent it.
    func submit(_ request: JobRequest, _ context: ServiceContext) async throws -> Job {
        let job = try await queue.submit(request, owner: context.connection.owner)
        let size = "\(job.request.width ?? 0)x\(job.request.height ?? 0)"
        context.logger.info(
            "job \(job.id) accepted: \(job.request.task.rawValue) \(size), \(context.connection)")
        return job
    }

    /// The job of that number.
    func job(_ id: String) throws(APIError) -> Job {
        guard let job = queue.job(id) else {
            throw .notFound(
                "there is no job \(printable(String(id.prefix(40)))); GET /v1/jobs lists them")
        }
        return job
    }

    /// Takes a job back for who asks; one that is over stays as it is.
    func cancel(_ id: String, _ context: ServiceContext) async throws -> Job {
        let before = try job(id)
        guard let job = try await queue.cancel(id) else { return before }
        if !before.state.isFinal, job.state == .cancelled {
            context.logger.info("job \(id) cancelled: \(context.connection)")
        }
        return job
    }

    /// Puts a request into the queue and waits until it is drawn.
    ///
    /// A client that goes away takes its job along: nobody else knows of it.
    /// - Parameter http: the request, whose body has been read.
    func draw(
        _ request: JobRequest, for http: Request, _ context: ServiceContext
    ) async throws -> Job {
        let job = try await submit(request, context)
        let last: Job?
        do {
            last = try await http.body.consumeWithCancellationOnInboundClose { _ in
                await cancelWhenGracefulShutdown { await end(of: job.id) }
            }
        } catch is CancellationError {
            _ = try? await cancel(job.id, context)
            throw APIError(.serviceUnavailable, "the client has gone")
        }
        guard let last, last.state.isFinal else { throw JobError.stopping }
        switch last.state {
        case .done: return last
        case .cancelled: throw APIError(.conflict, "job \(job.id) was cancelled")
        default:
            throw APIError(.internalServerError, last.error ?? "job \(job.id) failed")
        }
    }

    /// The last that is heard of a job; nil where it is not known any more.
    private func end(of id: String) async -> Job? {
        guard let updates = queue.updates(of: id) else { return queue.job(id) }
        var last: Job?
        for await job in updates { last = job }
        return last
    }

    /// A finished picture's file.
    func picture(_ id: String, _ index: Int) throws -> [UInt8] {
        guard let path = queue.imageFile(id, index) else {
            throw APIError.notFound("job \(id) has no picture \(index)")
        }
        return try readFile(path)
    }
}

import AsyncAlgorithms
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Jobs
import NIOCore
import ServiceLifecycle
import WeightStore

extension Routes {
    /// `/v1/jobs/{id}/events`: a job as it goes on, in Server-Sent Events.
    func addEvents(_ desk: Desk) {
        get("/v1/jobs/{id}/events") { request, context in
            let id = try context.parameters.require("id")
            let job = try desk.job(id)
            return Response(
                status: .ok,
                headers: [
                    .contentType: "text/event-stream", .cacheControl: "no-store",
                    .connection: "close",
                ],
                body: ResponseBody { writer in
                    try await request.body.consumeWithCancellationOnInboundClose { _ in
                        var events = JobEvents()
                        try await writer.write(ByteBuffer(string: JobEvents.beginning))
                        let updates = desk.queue.updates(of: id)
                        try await writer.write(ByteBuffer(string: events.text(for: job)))
                        guard let updates, !job.state.isFinal else { return }
                        for await event in merge(updates.map(Event.job), Event.heartbeats) {
                            guard case .job(let job) = event else {
                                if Task.isShuttingDownGracefully { return }
                                try await writer.write(ByteBuffer(string: JobEvents.comment))
                                continue
                            }
                            try await writer.write(ByteBuffer(string: events.text(for: job)))
                            if job.state.isFinal { return }
                        }
                    }
                    try await writer.finish(nil)
                })
        }
    }
}

/// What wakes a stream of events.
private enum Event: Sendable {
    case job(Job)
    case heartbeat

    /// Proxies take a silent stream for a dead one.
    static var heartbeats: AsyncMapSequence<AsyncTimerSequence<ContinuousClock>, Event> {
        AsyncTimerSequence(interval: .seconds(15), clock: .continuous).map { _ in .heartbeat }
    }
}

/// Writes a job's states as Server-Sent Events, each once.
/// - Source: WHATWG HTML, section 9.2.
struct JobEvents {
    private var shown: JSONValue?
    private var preview = -1

    /// What a stream begins with: how soon to come back where it breaks.
    static let beginning = "retry: 2000\n\n"
    /// What readers skip.
    static let comment = ": \n\n"

    /// The events that a new state makes; empty where nothing changed.
    mutating func text(for job: Job) -> String {
        var text = ""
        let json = job.json
        if json != shown {
            shown = json
            text += Self.event("job", json)
        }
        if let preview = job.preview, preview.number != self.preview {
            self.preview = preview.number
            text += Self.event(
                "preview",
                [
                    "number": .integer(Int64(preview.number)),
                    "png": .string(Data(preview.png).base64EncodedString()),
                ])
        }
        if job.state.isFinal { text += Self.event("end", json) }
        return text
    }

    /// JSON has no line breaks of its own, so the data is one line.
    private static func event(_ name: String, _ data: JSONValue) -> String {
        "event: \(name)\ndata: \(data.text)\n\n"
    }
}

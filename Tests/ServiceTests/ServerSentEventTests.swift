import Testing

@testable import ServiceClient

/// Streams of events, however they arrive.
struct ServerSentEventTests {
    private static let stream =
        "retry: 2000\n\nevent: job\ndata: {\"a\":1}\n\n: \n\nevent: end\r\ndata:x\r\ndata: y\r\n\r\n"
        + "data: alone\n\nevent: cut\ndata: never"
    private static let events = [
        ServerSentEvent(name: "job", data: "{\"a\":1}"), ServerSentEvent(name: "end", data: "x\ny"),
        ServerSentEvent(name: "message", data: "alone"),
    ]

    @Test(arguments: [1, 2, 3, 7, 1000])
    func eventsDoNotDependOnThePieces(size: Int) {
        var parser = ServerSentEventParser()
        var rest = Array(Self.stream.utf8)[...]
        var events: [ServerSentEvent] = []
        while !rest.isEmpty {
            events += parser.events(in: rest.prefix(size))
            rest = rest.dropFirst(size)
        }
        #expect(events == Self.events)
    }
}

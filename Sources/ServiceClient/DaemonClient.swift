import NIOCore
import NIOHTTP1
import NIOPosix
package import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Asks a daemon over its Unix socket, one connection for each question.
package struct DaemonClient: Sendable {
    private typealias Channel = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    /// An answer in full.
    package struct Answer: Sendable {
        package var status: Int
        package var body: [UInt8]
    }

    /// The daemon's socket.
    package let socket: String
    /// Pictures are the largest answers.
    private static let largestAnswer = 1 << 30

    /// A client of the daemon at a socket.
    package init(socket: String) {
        self.socket = socket
    }

    /// The JSON of a successful answer.
    package func json(
        _ method: String, _ path: String, _ body: JSONValue? = nil
    ) async throws -> JSONValue {
        let answer = try await checked(method, path, body)
        do {
            return try JSONValue.parse(answer.body, source: "the answer")
        } catch {
            throw ClientError.unexpected("\(error)")
        }
    }

    /// The bytes of a successful answer.
    package func bytes(_ path: String) async throws -> [UInt8] {
        try await checked("GET", path, nil).body
    }

    private func checked(
        _ method: String, _ path: String, _ body: JSONValue?
    ) async throws -> Answer {
        let answer = try await ask(method, path, body)
        try Self.check(status: answer.status, answer.body)
        return answer
    }

    /// The answer, whatever its status.
    package func ask(
        _ method: String, _ path: String, _ body: JSONValue? = nil
    ) async throws -> Answer {
        try await exchange(method, path, body) { parts in
            var answer = Answer(status: 0, body: [])
            while let part = try await parts.next() {
                switch part {
                case .head(let head): answer.status = Int(head.status.code)
                case .body(let buffer):
                    answer.body += buffer.readableBytesView
                    guard answer.body.count <= Self.largestAnswer else {
                        throw ClientError.unexpected("more than \(Self.largestAnswer) bytes")
                    }
                case .end: return answer
                }
            }
            throw ClientError.interrupted(socket: socket)
        }
    }

    /// Hands on a stream's events until `body` returns false or the stream ends.
    package func events(
        _ path: String, _ body: (ServerSentEvent) async throws -> Bool
    ) async throws {
        try await exchange("GET", path, nil) { parts in
            var parser = ServerSentEventParser()
            var status = 0
            var refusal: [UInt8] = []
            while let part = try await parts.next() {
                switch part {
                case .head(let head): status = Int(head.status.code)
                case .body(let buffer) where status == 200:
                    for event in parser.events(in: buffer.readableBytesView) {
                        guard try await body(event) else { return }
                    }
                case .body(let buffer): refusal += buffer.readableBytesView
                case .end:
                    try Self.check(status: status, refusal)
                    return
                }
            }
            throw ClientError.interrupted(socket: socket)
        }
    }

    private static func check(status: Int, _ body: [UInt8]) throws(ClientError) {
        guard !(200..<300).contains(status) else { return }
        let message = (try? JSONValue.parse(body))?["error"]?["message"]?.string
        throw .refused(status: status, message: message ?? "status \(status)")
    }

    // MARK: The connection

    /// Sends a request and lets `read` read the answer.
    private func exchange<Value: Sendable>(
        _ method: String, _ path: String, _ body: JSONValue?,
        _ read: (inout NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator)
            async throws -> Value
    ) async throws -> Value {
        let channel = try await connect()
        do {
            return try await exchange(method, path, body, over: channel, read)
        } catch let error as ClientError {
            throw error
        } catch  where error is IOError || error is ChannelError || error is HTTPParserError {
            throw ClientError.interrupted(socket: socket)
        }
    }

    private func exchange<Value: Sendable>(
        _ method: String, _ path: String, _ body: JSONValue?, over channel: Channel,
        _ read: (inout NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator)
            async throws -> Value
    ) async throws -> Value {
        let content = body.map { ByteBuffer(bytes: $0.serialized()) }
        return try await channel.executeThenClose { inbound, outbound in
            var head = HTTPRequestHead(
                version: .http1_1, method: HTTPMethod(rawValue: method), uri: path)
            head.headers.add(name: "Host", value: "localhost")
            head.headers.add(name: "Connection", value: "close")
            if let content {
                head.headers.add(name: "Content-Type", value: "application/json")
                head.headers.add(name: "Content-Length", value: "\(content.readableBytes)")
            }
            try await outbound.write(.head(head))
            // A daemon that refuses early answers all the same.
            if let content { try? await outbound.write(.body(.byteBuffer(content))) }
            try? await outbound.write(.end(nil))
            var iterator = inbound.makeAsyncIterator()
            return try await read(&iterator)
        }
    }

    private func connect() async throws -> Channel {
        do {
            return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.seconds(10))
                .connect(unixDomainSocketPath: socket) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        return try Channel(wrappingChannelSynchronously: channel)
                    }
                }
        } catch let error as IOError {
            throw ClientError.noDaemon(socket: socket, reason: reason(error.errnoCode))
        } catch {
            throw ClientError.noDaemon(socket: socket, reason: "\(error)")
        }
    }
}

/// The system's words for `code`.
private func reason(_ code: CInt) -> String { String(cString: strerror(code)) }

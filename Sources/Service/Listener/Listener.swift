import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOExtras
import NIOPosix
import ServiceLifecycle
import UnixSockets

/// Accepts connections and hands their requests on, until it is told to stop.
struct Listener: Service {
    /// What is listened on.
    enum Place: Sendable {
        /// A Unix socket that listens already.
        case local(descriptor: Int32)
        /// A TCP socket that listens already.
        case inherited(descriptor: Int32)
        /// An address to bind.
        case network(SocketAddress)
    }

    /// Answers a request of a connection.
    typealias Responder =
        @Sendable (Request, consuming ResponseWriter, Connection) async throws -> Void

    /// An accepted connection, ready to be served.
    private struct Accepted: Sendable {
        let protocolChannel: HTTP1Channel
        let value: HTTP1Channel.Value
    }

    private typealias Listening = NIOAsyncChannel<Accepted, Never>

    let places: [Place]
    let limits: ConnectionLimits
    let logger: Logger
    let responder: Responder
    /// Called once all places are listened on, with the addresses of those of the network.
    let whenReady: @Sendable ([SocketAddress]) async -> Void
    /// Called when the daemon is told to stop, before anything else happens.
    let whenStopping: @Sendable () -> Void

    /// Time for answers that are on their way when the daemon is told to stop.
    private static let patience = Duration.milliseconds(700)

    func run() async throws {
        // One thread: it only moves bytes, and the processors are there for drawing.
        let threads = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            try await serve(on: threads)
        } catch {
            try? await threads.shutdownGracefully()
            throw error
        }
        try? await threads.shutdownGracefully()
    }

    private func serve(on threads: MultiThreadedEventLoopGroup) async throws {
        let helper = ServerQuiescingHelper(group: threads)
        var listening: [Listening] = []
        for place in places {
            listening.append(try await listen(at: place, on: threads, helper))
        }
        await whenReady(listening.compactMap(\.channel.localAddress).filter { $0.port != nil })
        try await withThrowingTaskGroup(of: Void.self) { [listening] group in
            group.addTask {
                await withTaskExecutorPreference(LoopExecutor(threads.next())) {
                    await accept(listening)
                }
            }
            group.addTask {
                try await gracefulShutdown()
                whenStopping()
                helper.initiateShutdown(promise: nil)
                try await Task.sleep(for: Self.patience)
            }
            // Either everybody has gone, or those who have not are cut.
            try await group.next()
            group.cancelAll()
            while (try? await group.next()) != nil {}
        }
    }

    private func accept(_ listening: [Listening]) async {
        await withDiscardingTaskGroup { group in
            for channel in listening {
                group.addTask { await accept(channel) }
            }
        }
    }

    private func accept(_ listening: Listening) async {
        await withDiscardingTaskGroup { group in
            do {
                try await listening.executeThenClose { connections in
                    for try await connection in connections {
                        group.addTask {
                            await connection.protocolChannel.handle(
                                value: connection.value, logger: logger)
                        }
                    }
                }
            } catch is CancellationError {
            } catch {
                logger.error("cannot accept connections: \(error)")
            }
        }
    }

    // MARK: Binding

    private func listen(
        at place: Place, on threads: MultiThreadedEventLoopGroup, _ helper: ServerQuiescingHelper
    ) async throws -> Listening {
        let limit = limits.connections
        let bootstrap = ServerBootstrap(group: threads)
            .serverChannelOption(.backlog, value: 128)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handlers: [any ChannelHandler] = [
                        AvailableConnectionsChannelHandler(maxConnections: limit),
                        helper.makeServerChannelHandler(channel: channel),
                    ]
                    try channel.pipeline.syncOperations.addHandlers(handlers)
                }
            }
        switch place {
        case .local(let descriptor):
            return try await bootstrap.bind(descriptor) { accept($0, isLocal: true) }
        case .inherited(let descriptor):
            return try await bootstrap.bind(descriptor) { accept($0, isLocal: false) }
        case .network(let address):
            do {
                return try await bootstrap.bind(to: address) { accept($0, isLocal: false) }
            } catch let error as IOError {
                let name = "\(address.ipAddress ?? ""):\(address.port ?? 0)"
                throw SocketError.system(path: name, action: "listen on", code: error.errnoCode)
            }
        }
    }

    private func accept(
        _ channel: any Channel, isLocal: Bool
    ) -> EventLoopFuture<Accepted> {
        let connection: Connection
        do {
            connection = try describe(channel, isLocal: isLocal)
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        let limits = limits
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: limits.headBytes, maxHeaderListSize: limits.headBytes,
            maxHeaderFieldCount: 100)
        let protocolChannel = HTTP1Channel(
            responder: { [responder] request, writer, _ in
                try await responder(request, writer, connection)
            },
            configuration: HTTP1Channel.Configuration(
                additionalChannelHandlers: [ConnectionGuard(limits: limits)],
                httpDecoderConfiguration: decoder))
        return protocolChannel.setup(channel: channel, logger: logger).map {
            Accepted(protocolChannel: protocolChannel, value: $0)
        }
    }

    private func describe(_ channel: any Channel, isLocal: Bool) throws -> Connection {
        guard isLocal else { return Connection(kind: .network) }
        let peer = try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { Peer(socket: $0) }
        guard let peer = peer ?? nil else { throw ChannelError.operationUnsupported }
        return Connection(kind: .local(peer))
    }
}

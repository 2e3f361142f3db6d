// Reading order: this file; Listener/, how connections come in and are kept in bounds; HTTP/, what
// each request passes through; Routes/, what is answered; Metrics/ and System/, how the daemon
// tells of itself.

import CoreMetrics
import HTTPTypes
import Hummingbird
import HummingbirdCore
package import Jobs
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import UnixSignals
import UnixSockets
import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A queue of pictures behind a socket.
package struct Daemon: ~Copyable {
    private let configuration: ServiceConfiguration
    private let log: DaemonLog
    private let places: [Listener.Place]
    private let socket: LocalSocket?
    private let manager = ServiceManager()

    /// Takes the sockets: connections wait from here on.
    package init(_ configuration: ServiceConfiguration, log: DaemonLog) throws {
        // Swift 6.2 crashes over errors where a type with a deinit is half made.
        self.init(try Self.takePlaces(configuration), configuration, log)
    }

    private init(
        _ taken: (places: [Listener.Place], socket: LocalSocket?),
        _ configuration: ServiceConfiguration, _ log: DaemonLog
    ) {
        self.configuration = configuration
        self.log = log
        (places, socket) = taken
    }

    deinit { socket?.remove() }

    /// What to listen at, and the socket among it that is the daemon's own.
    private static func takePlaces(
        _ configuration: ServiceConfiguration
    ) throws -> (places: [Listener.Place], socket: LocalSocket?) {
        let network = try networkPlace(configuration)
        let inherited = try InheritedSockets.take()
        guard inherited.isEmpty else {
            let handedOver = inherited.map { socket in
                socket.isLocal
                    ? Listener.Place.local(descriptor: socket.descriptor)
                    : .inherited(descriptor: socket.descriptor)
            }
            return (handedOver + network, nil)
        }
        guard let path = configuration.socket else { throw SocketError.nothingInherited }
        let group = configuration.socketGroup
        try prepareSocketFolder(of: path, group: group)
        let socket = try LocalSocket(path: path, mode: configuration.socketMode, group: group)
        return ([.local(descriptor: socket.descriptor)] + network, socket)
    }

    /// Serves until a signal ends it: SIGTERM or SIGINT, after the running step; a second SIGINT
    /// at once.
    package func run(_ queue: JobQueue) async throws {
        let registry = PrometheusRegistry(help: MetricName.help)
        MetricsSystem.bootstrap(registry)
        let manager = manager
        let drawing = DrawingService(queue: queue)
        let listener = listener(for: queue, registry: registry)
        let signs = SignsOfLife(queue: queue, manager: manager)
        var configuration = ServiceGroupConfiguration(
            services: [
                .init(service: drawing), .init(service: listener), .init(service: signs),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: quietLogger)
        configuration.maximumGracefulShutdownDuration = .seconds(5)
        try await ServiceGroup(configuration: configuration).run()
        log.logger.info("stopped")
    }

    /// The lifecycle library tells each of its steps; only its complaints are of interest.
    private var quietLogger: Logger {
        var logger = log.logger
        logger.logLevel = .error
        return logger
    }

    private static func networkPlace(
        _ configuration: ServiceConfiguration
    ) throws -> [Listener.Place] {
        guard let network = configuration.network else { return [] }
        guard let address = network.socketAddress else {
            throw SocketError.address(network.host, problem: "expected an IP address or localhost")
        }
        guard network.isLoopback || configuration.token != nil else {
            throw SocketError.address(
                "\(network.host):\(network.port)",
                problem: "others can reach this address; give --token-file, or listen on 127.0.0.1")
        }
        return [.network(address)]
    }
}

// MARK: - Its parts

extension Daemon {
    private func listener(for queue: JobQueue, registry: PrometheusRegistry) -> Listener {
        let desk = Desk(
            queue: queue, budget: BodyBudget(bytes: 2 * BodyLimit.pictures),
            version: configuration.version)
        let routes = Routes()
        routes.addJobs(desk)
        routes.addEvents(desk)
        routes.addPictures(desk)
        routes.addStatus(desk, registry: registry)
        routes.addOpenAI(desk)
        routes.addWebUI(desk)
        let responder = routes.responder(guards: [access])
        let logger = log.logger
        let server = "inkstone/\(configuration.version)"
        let (manager, path) = (manager, socket?.path ?? "an inherited socket")
        return Listener(
            places: places, limits: configuration.limits, logger: logger,
            responder: { request, writer, connection in
                let context = ServiceContext(
                    source: ServiceContext.Source(logger: logger, connection: connection))
                var response = try await responder.respond(to: request, context: context)
                response.headers[.date] = dateHeader()
                response.headers[.server] = server
                response.headers[.xContentTypeOptions] = "nosniff"
                response.headers[.resourcePolicy] = "same-origin"
                try await Self.write(response, writer)
            },
            whenReady: { addresses in
                let urls = addresses.map { "http://\($0.ipAddress ?? ""):\($0.port ?? 0)" }
                logger.info("listening at \(([path] + urls).joined(separator: " and "))")
                manager.tell("READY=1", "STATUS=Ready")
            },
            whenStopping: {
                // From here on the next SIGINT does what it does without a handler.
                signal(SIGINT, SIG_DFL)
                manager.tell("STOPPING=1", "STATUS=Stopping")
                logger.info("stopping")
                queue.stop()
            })
    }

    private var access: AccessMiddleware {
        let token = configuration.token
        return AccessMiddleware(
            policy: configuration.access,
            hosts: configuration.network.map {
                HostPolicy(listeningAt: $0, hasToken: token != nil)
            }, token: token)
    }

    private static func write(
        _ response: Response, _ writer: consuming ResponseWriter
    ) async throws {
        do {
            try await writer.write(response: response.head, body: response.body)
        } catch is HTTPParserError {
            // Thrown on, it would be answered a second time.
            throw CancellationError()
        }
    }
}

/// Draws until the daemon stops.
private struct DrawingService: Service {
    let queue: JobQueue

    func run() async throws {
        // Cancelled where another service fails, such as the listener on a port that is taken.
        await withTaskCancellationOrGracefulShutdownHandler {
            await queue.run()
        } onCancelOrGracefulShutdown: {
            queue.stop()
        }
        // The listener stops the queue before it is this service's turn; ending early would count
        // as a failure.
        try? await gracefulShutdown()
    }
}

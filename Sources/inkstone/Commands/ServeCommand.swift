import ArgumentParser
import Jobs
import Pipeline
import Service
import Tensors
import UnixSockets
import WeightStore

/// `inkstone serve`: the daemon.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Draw for other programs: a queue of pictures behind a Unix socket.",
        discussion: """
            Examples:
              inkstone serve
              curl --unix-socket $XDG_RUNTIME_DIR/inkstone/inkstone.sock \\
                -H 'Content-Type: application/json' -d '{"prompt": "熊猫"}' http://x/v1/jobs
              inkstone generate --daemon "熊猫，蓝色背景"

            Jobs are kept on disk and go on after a restart. SIGTERM and SIGINT end the daemon \
            after the running step, a second SIGINT at once. GET /openapi.json describes what it \
            answers; GET / is a page to draw on, for --listen.
            """)

    @OptionGroup(title: "Socket") var socket: SocketOption
    @OptionGroup(title: "Who may speak to it") var access: AccessOptions
    @OptionGroup(title: "Jobs") var spool: SpoolOptions
    @OptionGroup var memory: MemoryOptions
    @OptionGroup var machine: MachineOptions

    @Flag(name: .shortAndLong, help: "Log each request.")
    var verbose = false

    func run() async throws {
        let log = DaemonLog(isVerbose: verbose)
        // A system's user, whose sockets systemd makes, has no folder for some of its own.
        let path = InheritedSockets.count > 0 ? nil : try socket.path()
        var service = ServiceConfiguration(socket: path, version: inkstoneVersion)
        try access.apply(to: &service)
        var jobs = JobConfiguration(
            spool: try spool.path(), library: ModelLibrary(), defaultModel: spool.model,
            defaultUpscaler: defaultUpscaler, threads: machine.threads ?? Parallel.processors)
        spool.apply(to: &jobs)
        jobs.memoryLimit = memory.bytes
        jobs.log = { log.warn($0) }
        // The socket first: who connects meanwhile waits.
        let daemon = try Daemon(service, log: log)
        try await daemon.run(try JobQueue(jobs))
    }
}

import ArgumentParser
import Jobs
import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Where jobs are kept, and their bounds.
struct SpoolOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The folder of jobs. (default: $STATE_DIRECTORY, for root /var/lib/inkstone, else \
            ~/.local/state/inkstone)
            """, valueName: "folder"))
    var spool: String?

    @Option(help: ArgumentHelp("The model of requests that name none.", valueName: "name"))
    var model = defaultModel

    @Option(
        help: ArgumentHelp(
            "What decodes the previews, a name or a bundle's folder: a tiny autoencoder shows more in less time. (default: the models' own autoencoders)",
            valueName: "bundle"))
    var previewVae: String?

    @Option(help: "Jobs that may wait; more are told to come back later.")
    var queueLength = 100

    @Option(help: "The most denoising steps of a job.")
    var maxSteps = 150

    @Option(help: "The most pixels of a picture, drawn or to enlarge.")
    var maxPixels = 1 << 20

    @Option(help: "The most pictures of a job.")
    var maxCount = 16

    @Option(help: "Finished jobs that are kept; the oldest leave first.")
    var keepJobs = 1000

    @Option(
        help: ArgumentHelp(
            "Disk space beyond which finished jobs leave: 512M, 2G.", valueName: "size"))
    var spoolSize: MemorySize?

    @Option(help: ArgumentHelp("Days after which finished jobs leave. (default: never)"))
    var keepDays: Int?

    @Option(
        help: ArgumentHelp(
            "Seconds without a job after which the model leaves the memory.",
            valueName: "seconds"))
    var keepAlive = 300

    func validate() throws {
        for (name, value, range) in [
            ("queue-length", queueLength, 1...100_000), ("max-steps", maxSteps, 1...1000),
            ("max-pixels", maxPixels, 64...1 << 24), ("max-count", maxCount, 1...1000),
            ("keep-jobs", keepJobs, 1...1_000_000), ("keep-days", keepDays ?? 1, 1...36500),
            ("keep-alive", keepAlive, 0...1_000_000),
        ] where !range.contains(value) {
            throw ValidationError(
                "--\(name): expected an integer in \(range.lowerBound)...\(range.upperBound), "
                    + "found \(value)")
        }
    }

    func path() throws -> String {
        if let spool { return spool }
        // More than one folder are separated by colons; the first is the unit's own.
        if let folders = environmentVariable("STATE_DIRECTORY") {
            return String(folders.prefix { $0 != ":" })
        }
        if geteuid() == 0 { return "/var/lib/inkstone" }
        if let folder = environmentVariable("XDG_STATE_HOME"), folder.hasPrefix("/") {
            return "\(folder)/inkstone"
        }
        guard let home = environmentVariable("HOME") else {
            throw UsageError("HOME is not set; name a folder for jobs with --spool")
        }
        return "\(home)/.local/state/inkstone"
    }

    func apply(to configuration: inout JobConfiguration) {
        configuration.previewVAE = previewVae
        configuration.queueLength = queueLength
        configuration.steps = maxSteps
        configuration.pixels = maxPixels
        configuration.enlargedPixels = maxPixels
        configuration.count = maxCount
        configuration.keptJobs = keepJobs
        configuration.spoolBytes = spoolSize?.bytes ?? configuration.spoolBytes
        configuration.spoolAge = keepDays.map { Int64($0) * 86_400 }
        configuration.keepAlive = keepAlive
    }
}

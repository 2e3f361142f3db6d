import Foundation
import Testing

/// How a run of a program ended.
struct Run {
    /// The exit status; the signal's number + 1000 where a signal ended it.
    let status: Int32
    /// Standard output.
    let output: [UInt8]
    /// Standard error.
    let errors: String

    var text: String { String(decoding: output, as: UTF8.self) }
}

/// The programs under test, run as a user runs them.
enum Program: String {
    case inkstone
    case quantize = "inkstone-quantize"

    /// In the folder `INKSTONE_PROGRAMS`; otherwise beside the test bundle, where the package
    /// manager puts both.
    var path: String {
        get throws {
            let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            let folder =
                ProcessInfo.processInfo.environment["INKSTONE_PROGRAMS"]
                ?? (tests as NSString).deletingLastPathComponent
            let path = folder + "/" + rawValue
            try #require(FileManager.default.isExecutableFile(atPath: path), "\(path) is not built")
            return path
        }
    }

    /// Runs the program to its end.
    /// - Parameters:
    ///   - input: what it finds on standard input; nil for nothing at all.
    ///   - environment: variables beside those of the tests.
    ///   - folder: where it runs.
    ///   - outputPath: where standard output goes instead of into the result.
    func run(
        _ arguments: [String], input: [UInt8]? = nil, environment: [String: String] = [:],
        in folder: Scratch, outputPath: String? = nil
    ) throws -> Run {
        let process = try start(
            arguments, input: input, environment: environment, in: folder, outputPath: outputPath)
        process.waitUntilExit()
        let output = outputPath == nil ? try Data(contentsOf: folder.url(".stdout")) : Data()
        let errors = try Data(contentsOf: folder.url(".stderr"))
        let signalled = process.terminationReason == .uncaughtSignal
        return Run(
            status: process.terminationStatus + (signalled ? 1000 : 0), output: Array(output),
            errors: String(decoding: errors, as: UTF8.self))
    }

    /// Starts the program; its output goes to hidden files in `folder`.
    func start(
        _ arguments: [String], input: [UInt8]? = nil, environment: [String: String] = [:],
        in folder: Scratch, outputPath: String? = nil
    ) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try path)
        process.arguments = arguments
        process.currentDirectoryURL = folder.url("")
        var variables = ProcessInfo.processInfo.environment
        variables["INKSTONE_MODELS"] = nil
        process.environment = variables.merging(environment) { $1 }
        try Data(input ?? []).write(to: folder.url(".stdin"))
        let inputPath = input == nil ? "/dev/null" : folder.path(".stdin")
        process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: inputPath))
        process.standardOutput = try writable(outputPath ?? folder.path(".stdout"))
        process.standardError = try writable(folder.path(".stderr"))
        try process.run()
        return process
    }

    private func writable(_ path: String) throws -> FileHandle {
        if !path.hasPrefix("/dev/") { try Data().write(to: URL(fileURLWithPath: path)) }
        return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }
}

/// A folder of its own for a test, removed at the end.
final class Scratch {
    let root: String

    init() throws {
        root = NSTemporaryDirectory() + "inkstone-command-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    func path(_ name: String) -> String { "\(root)/\(name)" }
    func url(_ name: String) -> URL { URL(fileURLWithPath: path(name)) }

    func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: url(name))) }

    func write(_ bytes: [UInt8], to name: String) throws { try Data(bytes).write(to: url(name)) }

    /// What is in the folder but for the run's own hidden files.
    func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root)
            .filter { ![".stdin", ".stdout", ".stderr"].contains($0) }.sorted()
    }
}

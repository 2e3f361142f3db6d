import Foundation

/// Runs a script of the system's shell, with `arguments` as `$0`, `$1` and so on.
/// - Parameter environment: variables beside those of the tests.
func shell(
    _ script: String, _ arguments: [String], environment: [String: String] = [:],
    in folder: Scratch
) throws -> Run {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", script] + arguments
    process.currentDirectoryURL = folder.url("")
    var variables = ProcessInfo.processInfo.environment
    variables["INKSTONE_MODELS"] = nil
    process.environment = variables.merging(environment) { $1 }
    for name in [".stdout", ".stderr"] { try folder.write([], to: name) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: folder.url(".stdout"))
    process.standardError = try FileHandle(forWritingTo: folder.url(".stderr"))
    try process.run()
    process.waitUntilExit()
    let signalled = process.terminationReason == .uncaughtSignal
    return Run(
        status: process.terminationStatus + (signalled ? 1000 : 0),
        output: try folder.bytes(".stdout"),
        errors: String(decoding: try folder.bytes(".stderr"), as: UTF8.self))
}

import ArgumentParser
import Pipeline
import Samplers
import ServiceClient
import Tensors
import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A command line that the argument parser cannot find fault with, and that makes no sense.
struct UsageError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// An error about a file that does not name it itself.
struct FileError: Error, CustomStringConvertible {
    let path: String
    let problem: any Error

    var description: String { "\(printable(path)): \(problem)" }
}

/// What ended a command, told to the user and turned into an exit status.
struct Failure {
    private enum Kind {
        /// `--help` and `--version` come as errors; their text goes to standard output.
        case text
        /// Nobody reads the output any more.
        case unread
        case usage(String)
        case failed(String)
    }

    private let error: any Error

    init(_ error: any Error) {
        self.error = error
    }

    /// Prints what there is to say.
    /// - Returns: the exit status.
    func report() -> Int32 {
        switch kind {
        case .text:
            do { try StandardOutput.write(Inkstone.fullMessage(for: error) + "\n") } catch {
                return Failure(error).report()
            }
            return 0
        case .unread:
            // As if the signal had ended the process, which is what shells and scripts expect.
            return 128 + SIGPIPE
        case .usage(let message):
            StandardError.write("inkstone: error: \(message)\n\(hint)\n")
            return 2
        case .failed(let message):
            StandardError.write("inkstone: error: \(message)\n")
            return 1
        }
    }

    private var kind: Kind {
        switch error {
        case PipelineError.invalidRequest, SamplerError.stepCount, SamplerError.timestepOutOfRange,
            SamplerError.unsupportedPrediction, SamplerError.missingTable,
            is InstructionSet.Unavailable, is UsageError,
            ClientError.refused(status: 400, _):
            return .usage("\(error)")
        case WeightError.system(_, _, EPIPE):
            return .unread
        default:
            switch Inkstone.exitCode(for: error) {
            case .success: return .text
            case .validationFailure: return .usage(Inkstone.message(for: error))
            default: return .failed("\(error)")
            }
        }
    }

    private var hint: String {
        let names = Inkstone.configuration.subcommands.compactMap { $0.configuration.commandName }
        let name = CommandLine.arguments.dropFirst().first.flatMap { names.contains($0) ? $0 : nil }
        return "See inkstone \(name.map { "\($0) " } ?? "")--help."
    }
}

import ArgumentParser
import Quantizer
import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The program: exit code 0 when the bundle is there, 2 for a mistake in the command line, 130 when
/// interrupted, 1 for everything else.
@main
enum Main {
    static func main() {
        do {
            var command = try InkstoneQuantize.parseAsRoot()
            try command.run()
        } catch {
            exit(report(error))
        }
    }

    /// Says what went wrong and gives the exit code.
    private static func report(_ error: any Error) -> Int32 {
        switch error {
        case let error as QuantizerError:
            complain("inkstone-quantize: \(error)\n")
            switch error {
            case .option: return 2
            case .interrupted: return 130
            default: return 1
            }
        case let error as WeightError:
            complain("inkstone-quantize: \(error)\n")
            return 1
        default:
            let message = InkstoneQuantize.fullMessage(for: error) + "\n"
            guard InkstoneQuantize.exitCode(for: error) == .success else {
                complain(message)
                return 2
            }
            print(message, terminator: "")
            return 0
        }
    }
}

/// Writes to the standard error output. Nobody is left to be told when that fails.
func complain(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
        let written = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        guard written > 0 else { return }
        bytes = bytes.dropFirst(written)
    }
}

/// `inkstone-quantize`, whose default is the conversion.
struct InkstoneQuantize: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inkstone-quantize",
        abstract: "Turn a published checkpoint into a bundle that inkstone runs.",
        subcommands: [Convert.self, Synthesize.self], defaultSubcommand: Convert.self)
}

// The command. Reading order: this file, then a file a subcommand in Commands/; Options/ holds what
// they share, Streams/ is how they talk to the outside, Bench/ what `inkstone bench` measures with.

import ArgumentParser
import Pipeline

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The program.
@main
enum Program {
    /// Runs the command line and ends the process.
    static func main() async {
        // A reader that went away is an error of the write, with a clean end.
        signal(SIGPIPE, SIG_IGN)
        do {
            try checkArguments()
            var command = try Inkstone.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            exit(Failure(error).report())
        }
    }

    /// Swift would silently repair what is no text, and then look for a file of another name.
    private static func checkArguments() throws {
        for index in 1..<max(Int(CommandLine.argc), 1) {
            guard let bytes = CommandLine.unsafeArgv[index] else { return }
            guard String(validatingCString: bytes) != nil else {
                throw UsageError("argument \(index) is not UTF-8 text")
            }
        }
    }
}

/// `inkstone`: draws pictures from text.
struct Inkstone: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inkstone",
        abstract: "Draw pictures from Chinese or English text, on this computer, offline.",
        discussion: """
            Examples:
              inkstone generate "熊猫，蓝色背景" --upscale -o panda.png
              inkstone upscale small.png large.png
              inkstone inspect panda.png
              inkstone models
              inkstone serve

            INKSTONE_MODELS names folders of models (with colons between them) that are looked \
            through first. INKSTONE_ISA forces an instruction set: reference, avx2, avx-vnni, \
            avx512-vnni-256, avx512-vnni, neon or neon-dotprod.

            Exit status: 0 done, 1 failed, 2 the command line or the request makes no sense.
            """,
        version: inkstoneVersion,
        subcommands: [
            GenerateCommand.self, BatchCommand.self, UpscaleCommand.self, InspectCommand.self,
            ModelsCommand.self,
            StylesCommand.self,
            ServeCommand.self, JobsCommand.self, CancelCommand.self, BenchCommand.self,
            StageCommand.self,
        ])
}

import ArgumentParser
import Tensors

/// How the machine is used.
struct MachineOptions: ParsableArguments {
    @Option(help: "Threads to compute with. (default: one a processor)")
    var threads: Int?

    func validate() throws {
        guard (1...1024).contains(threads ?? 1) else {
            throw ValidationError("--threads: expected 1 to 1024, found \(threads ?? 0)")
        }
    }

    /// What the layers run on. Throws where INKSTONE_ISA names what this machine has not.
    func executor() throws -> Executor {
        try InstructionSet.selectFromEnvironment()
        return Executor(threads: threads ?? Parallel.processors)
    }
}

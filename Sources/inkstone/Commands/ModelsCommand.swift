import ArgumentParser
import Pipeline
import Terminal
import WeightStore

/// `inkstone models`: what can be given to `--model`.
struct ModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "List the models that are found, and where.",
        discussion: """
            Looked through, in this order: the folders in INKSTONE_MODELS, the models installed \
            with the program, the user's and the system's data folders, and, for a program that \
            was built here, the Models folder of its source tree. A bundle's folder can always be \
            given by its path instead.
            """)

    func run() throws {
        let library = ModelLibrary()
        let entries = library.entries()
        guard !entries.isEmpty else {
            throw PipelineError.modelNotFound(name: "*", searched: library.folders, known: [])
        }
        let rows = entries.map { entry in
            switch entry.bundle {
            case .success(let bundle):
                let bytes = bundle.stages.values.reduce(0) { $0 + $1.bytes }
                let kind =
                    bundle.family == "stable-diffusion" ? "text to image" : bundle.family
                return [entry.name, kind, readable(bytes: bytes), entry.path]
            case .failure(let error):
                return [entry.name, "damaged", "", "\(error)"]
            }
        }
        try StandardOutput.write(
            table(header: ["name", "kind", "size", "folder"], rows: rows, alignRight: [2]))
    }
}

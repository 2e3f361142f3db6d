package import WeightStore

/// The places where bundles are looked for by name.
package struct ModelLibrary: Sendable {
    /// A bundle that was found.
    package struct Entry: Sendable {
        /// The folder's name: what a user gives as the model's name.
        package let name: String
        /// The opened bundle, or why it cannot be opened.
        package let bundle: Result<Bundle, WeightError>
        /// The bundle's folder.
        package let path: String
    }

    /// Folders of bundles, the first wins.
    package let folders: [String]

    /// A library of the given folders.
    package init(folders: [String]) {
        self.folders = folders
    }

    /// The library of this machine.
    package init() { folders = modelFolders() }

    /// Opens the bundle that `name` means: a bundle's folder, or the name of one in the library.
    package func open(_ name: String) throws -> Bundle {
        if !name.isEmpty && Self.isBundle(name) || name.contains("/") {
            return try Bundle.open(name)
        }
        guard !name.isEmpty,
            let folder = folders.first(where: { Self.isBundle("\($0)/\(name)") })
        else {
            throw PipelineError.modelNotFound(
                name: printable(name), searched: folders, known: names())
        }
        return try Bundle.open("\(folder)/\(name)")
    }

    /// All bundles, each name once, in order of the folders.
    package func entries() -> [Entry] {
        var seen: Set<String> = []
        return folders.flatMap { folder in
            namesInFolder(folder)
                .filter { Self.isBundle("\(folder)/\($0)") && seen.insert($0).inserted }
                .map { name in
                    let path = "\(folder)/\(name)"
                    let bundle = Result { () throws(WeightError) in try Bundle.open(path) }
                    return Entry(name: name, bundle: bundle, path: path)
                }
        }
    }

    private func names() -> [String] {
        Set(
            folders.flatMap { folder in
                namesInFolder(folder).filter { Self.isBundle("\(folder)/\($0)") }
            }
        ).sorted()
    }

    private static func isBundle(_ path: String) -> Bool {
        isRegularFile("\(path)/\(Bundle.fileName)")
    }
}

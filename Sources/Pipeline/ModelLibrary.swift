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

    /// The library of this machine: `$INKSTONE_MODELS` (folders with colons between them), what was
    /// installed with the program, the user's and the system's data folders, and, for a program
    /// that stands in a build folder, the `Models` folder of its source tree.
    package init() {
        var folders = environmentVariable("INKSTONE_MODELS").map(Self.split) ?? []
        let executable = executablePath() ?? ""
        if let prefix = Self.parent(executable).flatMap(Self.parent) {
            folders.append(prefix + "/share/inkstone/models")
        }
        folders += Self.dataFolders.map { $0 + "/inkstone/models" }
        if let tree = Self.sourceTree(of: executable) { folders.append(tree + "/Models") }
        var seen: Set<String> = []
        self.folders = folders.filter { seen.insert($0).inserted }
    }

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

    /// - Source: the XDG base directory specification.
    private static var dataFolders: [String] {
        let home = environmentVariable("HOME")
        let user = environmentVariable("XDG_DATA_HOME") ?? home.map { $0 + "/.local/share" }
        let system = environmentVariable("XDG_DATA_DIRS") ?? "/usr/local/share:/usr/share"
        return (user.map { [$0] } ?? []) + split(system)
    }

    /// The folder above the build folder that the program stands in.
    private static func sourceTree(of executable: String) -> String? {
        var folder = parent(executable)
        while let path = folder {
            let name = path.split(separator: "/").last ?? ""
            folder = parent(path)
            if name.hasPrefix(".build") { return folder }
        }
        return nil
    }

    private static func split(_ list: String) -> [String] {
        list.split(separator: ":").map(String.init)
    }

    /// The folder of an absolute path; nil for the root and for relative paths.
    private static func parent(_ path: String) -> String? {
        guard path.hasPrefix("/"), path.count > 1, let slash = path.lastIndex(of: "/") else {
            return nil
        }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

/// Where this machine keeps models, the first place first: `$INKSTONE_MODELS` (folders with colons
/// between them), what was installed with the program, the user's and the system's data folders, and,
/// for a program that stands in a build folder, the `Models` folder of its source tree.
///
/// Each is a folder of bundles; `tokenizers` in it has those for checkpoints that bring none.
package func modelFolders() -> [String] {
    var folders = environmentVariable("INKSTONE_MODELS").map(split) ?? []
    let executable = executablePath() ?? ""
    if let prefix = parent(executable).flatMap(parent) {
        folders.append(prefix + "/share/inkstone/models")
    }
    folders += dataFolders().map { $0 + "/inkstone/models" }
    if let tree = sourceTree(of: executable) { folders.append(tree + "/Models") }
    var seen: Set<String> = []
    return folders.filter { seen.insert($0).inserted }
}

/// - Source: the XDG base directory specification.
private func dataFolders() -> [String] {
    let home = environmentVariable("HOME")
    let user = environmentVariable("XDG_DATA_HOME") ?? home.map { $0 + "/.local/share" }
    let system = environmentVariable("XDG_DATA_DIRS") ?? "/usr/local/share:/usr/share"
    return (user.map { [$0] } ?? []) + split(system)
}

/// The folder above the build folder that the program stands in.
private func sourceTree(of executable: String) -> String? {
    var folder = parent(executable)
    while let path = folder {
        let name = path.split(separator: "/").last ?? ""
        folder = parent(path)
        if name.hasPrefix(".build") { return folder }
    }
    return nil
}

private func split(_ list: String) -> [String] {
    list.split(separator: ":").map(String.init)
}

/// The folder of an absolute path; nil for the root and for relative paths.
private func parent(_ path: String) -> String? {
    guard path.hasPrefix("/"), path.count > 1, let slash = path.lastIndex(of: "/") else {
        return nil
    }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// An empty folder under `/tmp` that goes away with its owner.
package final class TemporaryFolder: Sendable {
    /// The folder, without a slash at its end.
    package let path: String

    /// Throws when the system cannot make a folder.
    package init() throws {
        var template = Array("/tmp/inkstone-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw Failure(code: errno) }
        path = String(cString: made)
    }

    deinit { removeFolder(path) }

    /// The path of `name` in this folder.
    package func file(_ name: String) -> String { "\(path)/\(name)" }

    private struct Failure: Error, CustomStringConvertible {
        let code: Int32
        var description: String {
            "cannot make a folder in /tmp: \(String(cString: strerror(code)))"
        }
    }
}

/// The root of the repository that holds the file `path`, as `#filePath` names it: the first folder on
/// the way up with a package manifest.
package func repositoryRoot(above path: String) -> String {
    var parts = path.split(separator: "/")
    while !parts.isEmpty {
        parts.removeLast()
        let folder = parts.reduce("") { "\($0)/\($1)" }
        if access("\(folder)/Package.swift", R_OK) == 0 { return folder }
    }
    return "."
}

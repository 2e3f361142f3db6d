import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Runs `body` with an empty folder under `/tmp` that goes away afterwards.
///
/// What is mapped from it may be used for longer.
package func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let path = try makeTemporaryFolder()
    defer { removeFolder(path) }
    return try body(path)
}

/// The same for what waits.
package func withTemporaryFolder<Result>(
    _ body: (String) async throws -> Result
) async throws -> Result {
    let path = try makeTemporaryFolder()
    defer { removeFolder(path) }
    return try await body(path)
}

private func makeTemporaryFolder() throws -> String {
    var template = Array("/tmp/inkstone-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw NoFolder(code: errno) }
    return String(cString: made)
}

private struct NoFolder: Error, CustomStringConvertible {
    let code: Int32
    var description: String { "cannot make a folder in /tmp: \(String(cString: strerror(code)))" }
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

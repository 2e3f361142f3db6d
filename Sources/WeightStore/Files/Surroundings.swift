#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Whether there is a regular file at `path`, symbolic links followed.
package func isRegularFile(_ path: String) -> Bool {
    kindOfItem(at: path) == "a regular file"
}

/// The names in a folder in byte order, `.` and `..` left out; none where it cannot be read.
package func namesInFolder(_ path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}

/// The running program's file, symbolic links followed; nil without /proc.
package func executablePath() -> String? { resolved("/proc/self/exe") }

/// The value of an environment variable; nil where it is unset or empty.
package func environmentVariable(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    let text = String(cString: value)
    return text.isEmpty ? nil : text
}

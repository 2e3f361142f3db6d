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

/// A text file of /proc or /sys, whose size is not known before it is read; nil where it cannot be.
package func systemText(_ path: String) -> String? {
    guard let file = try? Descriptor(path, O_RDONLY, action: "open") else { return nil }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    // More than any of these files has.
    while text.count < 1 << 20 {
        guard let count = try? buffer.withUnsafeMutableBytes({ try file.read(into: $0) }) else {
            return nil
        }
        text += buffer.prefix(count)
        if count < buffer.count { break }
    }
    return String(decoding: text, as: UTF8.self)
}

/// The number behind `key` in a text of lines such as `VmRSS:   1234 kB` or `anon 1234`.
package func number(after key: String, in text: String) -> Int? {
    for line in text.split(separator: "\n") where line.hasPrefix(key) {
        let rest = line.dropFirst(key.count)
        guard rest.first == ":" || rest.first == " " || rest.first == "\t" else { continue }
        return rest.split { !$0.isASCII || !$0.isNumber }.first.flatMap { Int($0) }
    }
    return nil
}

import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Where results go that are asked for on the command line.
enum StandardOutput {
    /// Whether a person would see what is written.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Writes all of `bytes`.
    static func write(_ bytes: [UInt8]) throws(WeightError) {
        try writeAll(bytes, to: STDOUT_FILENO, name: "standard output")
    }

    /// Writes text as it is; the caller ends its lines.
    static func write(_ text: String) throws(WeightError) {
        try write(Array(text.utf8))
    }
}

/// Where everything goes that is not a result.
enum StandardError {
    /// Writes text as it is; there is nobody to tell where that fails.
    static func write(_ text: String) {
        try? writeAll(Array(text.utf8), to: STDERR_FILENO, name: "standard error")
    }
}

/// Reads a file, or standard input where `path` is `-`, whatever kind of file it is.
/// - Parameter limit: the most bytes accepted.
func readInput(_ path: String, limit: Int) throws(WeightError) -> [UInt8] {
    let name = path == "-" ? "standard input" : path
    let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(path: path, action: "open", code: errno) }
    defer { if path != "-" { close(descriptor) } }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        if count == 0 { return bytes }
        guard count > 0 else {
            if errno == EINTR { continue }
            throw .system(path: name, action: "read", code: errno)
        }
        bytes += buffer.prefix(count)
        guard bytes.count <= limit else {
            throw .tooLong(path: name, limit: limit, found: bytes.count)
        }
    }
}

/// Writes all of `bytes` to an open file.
func writeAll(_ bytes: [UInt8], to descriptor: Int32, name: String) throws(WeightError) {
    var done = 0
    while done < bytes.count {
        let count = bytes.withUnsafeBytes { all in
            let rest = UnsafeRawBufferPointer(rebasing: all[done...])
            #if canImport(Glibc)
                return Glibc.write(descriptor, rest.baseAddress, rest.count)
            #else
                return Musl.write(descriptor, rest.baseAddress, rest.count)
            #endif
        }
        if count >= 0 {
            done += count
        } else if errno != EINTR {
            throw .system(path: name, action: "write", code: errno)
        }
    }
}

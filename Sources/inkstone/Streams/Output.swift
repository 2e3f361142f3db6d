import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Where a command's result goes: a file, which then appears complete or not at all and replaces
/// what was there, or standard output for `-`. Devices and pipes are written to directly.
struct Output {
    let path: String

    init(_ path: String) {
        self.path = path
    }

    var isStandardOutput: Bool { path == "-" }

    /// What messages call it.
    var name: String { isStandardOutput ? "standard output" : path }

    /// Fails where writing would, before the work is done that the result takes.
    func check() throws {
        if isStandardOutput {
            guard !StandardOutput.isTerminal else {
                throw UsageError(
                    "the result would go to the terminal: redirect standard output, "
                        + "or give a file with -o")
            }
        } else if !isDevice {
            _ = try AtomicFile(path: path)
        }
    }

    func write(_ bytes: [UInt8]) throws {
        if isStandardOutput {
            try StandardOutput.write(bytes)
        } else if isDevice {
            let descriptor = open(path, O_WRONLY | O_CLOEXEC)
            guard descriptor >= 0 else {
                throw WeightError.system(path: path, action: "open", code: errno)
            }
            defer { close(descriptor) }
            try writeAll(bytes, to: descriptor, name: path)
        } else {
            try AtomicFile.writeAtomically(bytes, to: path)
        }
    }

    /// The same file with a number before its extension: `panda.png` → `panda-2.png`.
    func numbered(_ number: Int) -> Output {
        let start = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        let name = path[start...]
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else {
            return Output("\(path)-\(number)")
        }
        return Output("\(path[..<dot])-\(number)\(path[dot...])")
    }

    private var isDevice: Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { return false }
        let kind = status.st_mode & mode_t(S_IFMT)
        return kind == mode_t(S_IFCHR) || kind == mode_t(S_IFIFO)
    }
}

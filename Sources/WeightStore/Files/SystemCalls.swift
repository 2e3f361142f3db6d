#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Runs a system call until a signal no longer interrupts it; a negative result becomes an error.
@discardableResult
func systemCall<Result: SignedInteger>(
    _ action: String, _ path: String, _ body: () -> Result
) throws(WeightError) -> Result {
    while true {
        let result = body()
        if result >= 0 { return result }
        let code = errno
        if code != EINTR { throw .system(path: path, action: action, code: code) }
    }
}

/// What kind of thing a file mode describes, with its article.
func kind(of mode: mode_t) -> String {
    switch mode & mode_t(S_IFMT) {
    case mode_t(S_IFREG): "a regular file"
    case mode_t(S_IFDIR): "a folder"
    case mode_t(S_IFIFO): "a pipe"
    case mode_t(S_IFSOCK): "a socket"
    case mode_t(S_IFLNK): "a symbolic link"
    default: "a device"
    }
}

/// An open file or folder, closed when it goes out of scope.
struct Descriptor: ~Copyable {
    /// The file descriptor, ≥ 0.
    let number: Int32
    /// The path it was opened by, for messages.
    let path: String

    /// Opens `path`, close-on-exec.
    init(_ path: String, _ flags: Int32, mode: mode_t = 0, action: String) throws(WeightError) {
        number = try systemCall(action, path) { open(path, flags | O_CLOEXEC, mode) }
        self.path = path
    }

    /// Takes over an open descriptor.
    init(adopting number: Int32, path: String) {
        self.number = number
        self.path = path
    }

    deinit { close(number) }

    /// Opens an existing regular file for reading; a pipe does not block.
    static func reading(_ path: String) throws(WeightError) -> Descriptor {
        let file = try Descriptor(path, O_RDONLY | O_NONBLOCK, action: "open")
        let status = try file.status()
        guard status.st_mode & mode_t(S_IFMT) == mode_t(S_IFREG) else {
            throw .notAFile(path: path, found: kind(of: status.st_mode))
        }
        return file
    }

    /// The size of the file.
    func byteCount() throws(WeightError) -> Int { Int(try status().st_size) }

    /// Its `fstat`.
    func status() throws(WeightError) -> stat {
        var status = stat()
        try systemCall("inspect", path) { fstat(number, &status) }
        return status
    }

    /// Writes all of `bytes`.
    func write(_ bytes: UnsafeRawBufferPointer) throws(WeightError) {
        var rest = bytes
        while let base = rest.baseAddress, rest.count > 0 {
            let written = try systemCall("write", path) {
                #if canImport(Glibc)
                    Glibc.write(number, base, rest.count)
                #else
                    Musl.write(number, base, rest.count)
                #endif
            }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
        }
    }

    /// Reads until `buffer` is full or the file ends; returns the bytes read.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(WeightError) -> Int {
        var filled = 0
        while filled < buffer.count, let base = buffer.baseAddress {
            let got = try systemCall("read", path) {
                #if canImport(Glibc)
                    Glibc.read(number, base + filled, buffer.count - filled)
                #else
                    Musl.read(number, base + filled, buffer.count - filled)
                #endif
            }
            if got == 0 { break }
            filled += got
        }
        return filled
    }

    /// Throws if the disk cannot hold `count` bytes more.
    func requireSpace(_ count: UInt) throws(WeightError) {
        var disk = statvfs()
        // A disk that does not tell its size is taken to have room.
        guard fstatvfs(number, &disk) == 0, disk.f_blocks > 0 else { return }
        let (free, overflow) = UInt(disk.f_bavail).multipliedReportingOverflow(
            by: UInt(disk.f_frsize))
        guard overflow || free >= count else {
            throw .system(path: path, action: "write \(count) bytes to", code: ENOSPC)
        }
    }

    /// Waits until the content is on the disk.
    func synchronize() throws(WeightError) {
        try systemCall("write", path) { fsync(number) }
    }
}

/// Makes the names in a folder durable.
func synchronizeFolder(_ path: String) throws(WeightError) {
    try Descriptor(path, O_RDONLY | O_DIRECTORY, action: "open the folder").synchronize()
}

/// Splits a path into its folder (never empty) and its last component, slashes at the end ignored.
func splitPath(_ path: String) -> (folder: String, name: String) {
    var trimmed = Substring(path)
    while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
    guard let slash = trimmed.lastIndex(of: "/") else { return (".", String(trimmed)) }
    let folder = slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    return (folder, String(trimmed[trimmed.index(after: slash)...]))
}

/// Letters and digits that no other name has.
func randomDigits() -> String {
    String(UInt64.random(in: .min ... .max), radix: 36)
}

/// The path with symbolic links followed; nil if nothing is there.
func resolved(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
}

/// Reads a whole regular file.
/// - Parameter limit: the most bytes accepted.
package func readFile(_ path: String, limit: Int = 256 << 20) throws(WeightError) -> [UInt8] {
    let file = try Descriptor.reading(path)
    let count = try file.byteCount()
    guard count <= limit else { throw .tooLong(path: path, limit: limit, found: count) }
    var failure: WeightError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        do throws(WeightError) {
            initialized = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
        } catch {
            failure = error
        }
    }
    if let failure { throw failure }
    return bytes
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A file that appears complete or not at all.
///
/// Bytes go to a hidden file in the target's folder; `commit` syncs and renames it. Without a commit
/// the hidden file is removed and the target stays as it was.
package struct AtomicFile: ~Copyable {
    /// Where the file will appear; symbolic links are followed.
    package let path: String
    private let folder: String
    private let temporaryPath: String
    private let file: Descriptor
    private let committed = Flag()

    /// Begins writing beside `path`. Throws if the folder is missing or not writable, or if `path`
    /// is there and no regular file.
    package init(path: String) throws(WeightError) {
        // Swift 6.2 crashes over typed errors where a type with a deinit is half made.
        self.init(try Self.begin(path), for: path)
    }

    private init(
        _ begun: (target: String, folder: String, temporaryPath: String, number: Int32),
        for path: String
    ) {
        self.path = begun.target
        folder = begun.folder
        temporaryPath = begun.temporaryPath
        file = Descriptor(adopting: begun.number, path: path)
    }

    private static func begin(_ path: String) throws(WeightError) -> (
        target: String, folder: String, temporaryPath: String, number: Int32
    ) {
        guard !path.hasSuffix("/") else { throw .notAFile(path: path, found: "a folder") }
        let (folder, name) = try writableTarget(path)
        let target = "\(folder)/\(name)"
        var status = stat()
        let exists = stat(target, &status) == 0
        if exists, status.st_mode & mode_t(S_IFMT) != mode_t(S_IFREG) {
            throw .notAFile(path: path, found: kind(of: status.st_mode))
        }
        let temporaryPath = "\(folder)/.inkstone-file-\(randomDigits())"
        let number = try systemCall("create", path) {
            open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        }
        // The new file takes over the old one's permissions; where that is refused, the umask's do.
        if exists { _ = fchmod(number, status.st_mode & 0o777) }
        return (target, folder, temporaryPath, number)
    }

    deinit {
        if !committed.isSet { unlink(temporaryPath) }
    }

    /// Appends bytes.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(WeightError) {
        try file.write(bytes)
    }

    /// Appends bytes.
    package func write(_ bytes: [UInt8]) throws(WeightError) {
        try bytes.withUnsafeBufferPointer { buffer throws(WeightError) in
            try file.write(UnsafeRawBufferPointer(buffer))
        }
    }

    /// Syncs the content and puts it in place, replacing what was there.
    package consuming func commit() throws(WeightError) {
        try file.synchronize()
        try systemCall("write", path) { rename(temporaryPath, path) }
        committed.isSet = true
        try synchronizeFolder(folder)
    }

    /// Writes a whole file at once.
    package static func writeAtomically(_ bytes: [UInt8], to path: String) throws(WeightError) {
        let file = try AtomicFile(path: path)
        try file.write(bytes)
        try file.commit()
    }
}

/// A boolean that a deinit can read after a consuming method has set it.
private final class Flag {
    var isSet = false
}

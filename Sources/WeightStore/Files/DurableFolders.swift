#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Makes a folder and those above it that are missing; nobody else may look into them.
package func makePrivateFolders(_ path: String) throws(WeightError) {
    try makeFolders(path, mode: 0o700)
}

/// Makes a folder and those above it that are missing.
/// - Parameter mode: of what is made, less the process's umask.
package func makeFolders(_ path: String, mode: UInt32 = 0o777) throws(WeightError) {
    guard kindOfItem(at: path) != "a folder" else { return }
    let folder = splitPath(path).folder
    if folder != path { try makeFolders(folder, mode: mode) }
    if mkdir(path, mode) != 0, errno != EEXIST {
        throw .system(path: path, action: "create the folder", code: errno)
    }
    try synchronizeFolder(folder)
}

/// Makes a folder that appears with all its files, or not at all, and stays when the power fails.
/// - Parameters:
///   - hidden: its name until then, in the same folder.
///   - files: names and contents.
package func makeFolderDurably(
    _ path: String, hidden: String, files: [(name: String, bytes: [UInt8])]
) throws(WeightError) {
    let parent = splitPath(path).folder
    let early = "\(parent)/\(hidden)"
    try systemCall("create", path) { mkdir(early, 0o700) }
    do throws(WeightError) {
        for file in files {
            let target = "\(early)/\(file.name)"
            let descriptor = try Descriptor(
                target, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600, action: "create")
            try file.bytes.withUnsafeBufferPointer { bytes throws(WeightError) in
                try descriptor.write(UnsafeRawBufferPointer(bytes))
            }
            try descriptor.synchronize()
        }
        try synchronizeFolder(early)
        try systemCall("write", path) { rename(early, path) }
    } catch {
        removeFolder(early)
        throw error
    }
    do throws(WeightError) {
        try synchronizeFolder(parent)
    } catch {
        // It may or may not outlive a power cut; the caller was told that it is not there.
        removeFolderAtOnce(path, hidden: hidden)
        throw error
    }
}

/// Removes a folder so that it is gone with all its files as soon as any of them is; file by file only
/// where it cannot be renamed.
/// - Parameter hidden: its name while its files go, in the same folder.
package func removeFolderAtOnce(_ path: String, hidden: String) {
    let aside = "\(splitPath(path).folder)/\(hidden)"
    removeFolder(rename(path, aside) == 0 ? aside : path)
}

/// Removes a file, if it is there and can be.
package func removeFile(_ path: String) {
    unlink(path)
}

/// Renames a file or folder within a folder.
package func move(_ path: String, to other: String) throws(WeightError) {
    try systemCall("rename", path) { rename(path, other) }
}

/// Bytes of a folder's files, as they take up the disk; folders in it are not looked into.
package func bytesInFolder(_ path: String) -> Int {
    namesInFolder(path).reduce(0) { sum, name in
        var status = stat()
        guard lstat("\(path)/\(name)", &status) == 0 else { return sum }
        return sum + Int(status.st_blocks) * 512
    }
}

/// A file that one process at a time holds; given back when the process ends, however it ends.
package struct FileLock: ~Copyable {
    private let file: Descriptor

    /// Takes the lock, making the file if need be; nil where another process holds it.
    package init?(_ path: String) throws(WeightError) {
        let file = try Descriptor(path, O_RDWR | O_CREAT, mode: 0o600, action: "open the lock")
        guard flock(file.number, LOCK_EX | LOCK_NB) == 0 else {
            guard errno == EWOULDBLOCK else {
                throw .system(path: path, action: "lock", code: errno)
            }
            return nil
        }
        self.file = file
    }
}

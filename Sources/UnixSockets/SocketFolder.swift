#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Makes the folder of a socket, where it is not there, and refuses one that others may write into.
///
/// - Parameter group: who may pass through the folder to the socket, beside the daemon's user.
package func prepareSocketFolder(of path: String, group: UInt32?) throws(SocketError) {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
    let folder = String(path[..<slash])
    // The umask is the process's, so that another thread may have narrowed it: the mode is set after.
    if mkdir(folder, 0o700) == 0 {
        guard chmod(folder, 0o700) == 0 else {
            throw .system(path: folder, action: "close to others", code: errno)
        }
        guard let group else { return }
        guard chown(folder, .max, group) == 0, chmod(folder, 0o750) == 0 else {
            throw .system(path: folder, action: "give the group to", code: errno)
        }
        return
    }
    guard errno == EEXIST else {
        throw .system(path: folder, action: "make the folder", code: errno)
    }
    var status = stat()
    guard stat(folder, &status) == 0 else {
        throw .system(path: folder, action: "look at", code: errno)
    }
    guard status.st_mode & mode_t(S_IFMT) == mode_t(S_IFDIR) else {
        throw .openFolder(path: folder, problem: "is not a folder")
    }
    // Whoever may write into the folder could put a socket of their own in ours' place.
    guard status.st_mode & mode_t(S_ISVTX) != 0 || status.st_mode & 0o022 == 0 else {
        throw .openFolder(path: folder, problem: "may be written to by others")
    }
}

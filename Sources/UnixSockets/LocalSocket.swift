#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A listening Unix socket of our own, locked against other daemons, removed at the end.
///
/// Beside it lies a lock that is held as long as the socket is. Only who holds it may take away a
/// socket that is there, and only one that nobody listens at.
package final class LocalSocket: Sendable {
    /// The socket's path.
    package let path: String
    /// The listening descriptor; who listens closes it.
    package let descriptor: Int32
    private let lock: Int32
    private let identity: (device: UInt, inode: UInt)

    /// - Parameters:
    ///   - mode: permissions of the socket, such as 0o660.
    ///   - group: the group that the socket is given to; nil for the daemon's own.
    package init(path: String, mode: UInt32, group: UInt32?) throws(SocketError) {
        guard path.utf8.count <= Self.longestPath else {
            throw .pathTooLong(path: path, limit: Self.longestPath)
        }
        lock = try Self.lock(path)
        var descriptor: Int32 = -1
        do throws(SocketError) {
            try Self.clear(path)
            descriptor = try Self.makeListening(beside: path, mode: mode, group: group)
        } catch {
            close(lock)
            throw error
        }
        self.descriptor = descriptor
        self.path = path
        var status = stat()
        lstat(path, &status)
        identity = (UInt(status.st_dev), UInt(status.st_ino))
    }

    /// Takes the socket away, unless another is in its place by now, and gives the lock back.
    package func remove() {
        var status = stat()
        if lstat(path, &status) == 0, UInt(status.st_dev) == identity.device,
            UInt(status.st_ino) == identity.inode
        {
            unlink(path)
        }
        close(lock)
    }

    /// The lock's file stays for ever: removing it would let two daemons lock two files.
    private static func lock(_ path: String) throws(SocketError) -> Int32 {
        let name = "\(path).lock"
        let descriptor = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw .system(path: name, action: "open", code: errno)
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            throw code == EWOULDBLOCK
                ? .inUse(path: path) : .system(path: name, action: "lock", code: code)
        }
        return descriptor
    }

    /// Makes sure that nothing of value is at `path`.
    private static func clear(_ path: String) throws(SocketError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT else {
                throw .system(path: path, action: "look at", code: errno)
            }
            return
        }
        guard status.st_mode & mode_t(S_IFMT) == mode_t(S_IFSOCK) else {
            throw .notASocket(path: path)
        }
        // Someone who knows no lock may listen there.
        if isAlive(path) { throw .inUse(path: path) }
    }

    /// Whether somebody listens at `path`.
    package static func isAlive(_ path: String) -> Bool {
        let descriptor = socket(AF_UNIX, streamType | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard let result = try? withAddress(path, { connect(descriptor, $0, $1) }) else {
            return false
        }
        // A full queue of connections has a listener behind it.
        return result == 0 || errno == EAGAIN || errno == EACCES
    }

    /// The socket takes its place when it listens and has its permissions, and not before.
    private static func makeListening(
        beside path: String, mode: UInt32, group: UInt32?
    ) throws(SocketError) -> Int32 {
        let draft = "\(path).new"
        let descriptor = socket(AF_UNIX, streamType | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else {
            throw .system(path: path, action: "make the socket", code: errno)
        }
        var failed = true
        defer {
            if failed {
                unlink(draft)
                close(descriptor)
            }
        }
        unlink(draft)
        // Nobody else's until its mode is set; folders that other threads make meanwhile stay passable.
        let before = umask(0o077)
        let bound = try withAddress(draft) { bind(descriptor, $0, $1) }
        let code = errno
        umask(before)
        guard bound == 0 else { throw .system(path: path, action: "make the socket", code: code) }
        if let group, chown(draft, .max, group) != 0 {
            throw .system(path: path, action: "give the group to", code: errno)
        }
        guard chmod(draft, mode) == 0, listen(descriptor, 128) == 0,
            rename(draft, path) == 0
        else { throw .system(path: path, action: "make the socket", code: errno) }
        failed = false
        return descriptor
    }

    private static let streamType = Int32(SOCK_STREAM.rawValue)
    /// The name that is bound first has ".new" behind it, and a zero byte.
    private static let longestPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 5

    /// Calls `body` with the path's socket address.
    private static func withAddress<Result>(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) throws(SocketError) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path) - 1
        guard path.utf8.count <= room else { throw .pathTooLong(path: path, limit: room) }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}

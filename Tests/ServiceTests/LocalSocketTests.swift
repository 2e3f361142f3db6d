import Testing
import TestSupport
import UnixSockets

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Taking, keeping and giving back a socket.
struct LocalSocketTests {
    private func mode(_ path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
    }

    @Test func socketListensWithItsPermissionsAndLeaves() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/s"
            let socket = try LocalSocket(path: path, mode: 0o660, group: nil)
            #expect(LocalSocket.isAlive(path))
            #expect(mode(path) == 0o660)
            #expect(mode(path + ".new") == nil)
            #expect(mode(path + ".lock") == 0o600)
            close(socket.descriptor)
            socket.remove()
            #expect(mode(path) == nil)
        }
    }

    @Test func liveSocketIsNeverTaken() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/s"
            let socket = try LocalSocket(path: path, mode: 0o600, group: nil)
            #expect(throws: SocketError.inUse(path: path)) {
                try LocalSocket(path: path, mode: 0o600, group: nil)
            }
            // Nor one whose owner knows no lock.
            socket.remove()
            let other = try LocalSocket(path: "\(folder)/t", mode: 0o600, group: nil)
            rename("\(folder)/t", path)
            #expect(throws: SocketError.inUse(path: path)) {
                try LocalSocket(path: path, mode: 0o600, group: nil)
            }
            close(socket.descriptor)
            close(other.descriptor)
        }
    }

    @Test func staleSocketIsTakenOver() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/s"
            let first = try LocalSocket(path: path, mode: 0o600, group: nil)
            // What a process leaves behind that is killed: the name, and neither listener nor lock.
            rename(path, "\(folder)/kept")
            close(first.descriptor)
            first.remove()
            rename("\(folder)/kept", path)
            #expect(!LocalSocket.isAlive(path))
            let second = try LocalSocket(path: path, mode: 0o600, group: nil)
            #expect(LocalSocket.isAlive(path))
            close(second.descriptor)
            second.remove()
        }
    }

    @Test func whatIsNoSocketStays() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/s"
            let descriptor = open(path, O_WRONLY | O_CREAT, 0o644)
            // Another test may have changed the process's mask for a moment.
            fchmod(descriptor, 0o644)
            close(descriptor)
            #expect(throws: SocketError.notASocket(path: path)) {
                try LocalSocket(path: path, mode: 0o600, group: nil)
            }
            #expect(mode(path) == 0o644)
        }
    }

    @Test func ownSocketIsRemovedAndNoOther() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/s"
            let first = try LocalSocket(path: path, mode: 0o600, group: nil)
            unlink(path)
            let second = try LocalSocket(path: "\(folder)/t", mode: 0o600, group: nil)
            rename("\(folder)/t", path)
            first.remove()
            #expect(LocalSocket.isAlive(path))
            close(first.descriptor)
            close(second.descriptor)
        }
    }

    @Test func longPathIsRefused() throws {
        try withTemporaryFolder { folder in
            let long = "\(folder)/" + String(repeating: "x", count: 200)
            #expect(throws: SocketError.pathTooLong(path: long, limit: 103)) {
                try LocalSocket(path: long, mode: 0o600, group: nil)
            }
        }
    }

    @Test func folderThatOthersWriteIntoIsRefused() throws {
        try withTemporaryFolder { folder in
            let open = "\(folder)/open"
            mkdir(open, 0o700)
            chmod(open, 0o777)
            #expect(throws: SocketError.self) {
                try prepareSocketFolder(of: open + "/s", group: nil)
            }
            chmod(open, 0o1777)
            try prepareSocketFolder(of: open + "/s", group: nil)
            try prepareSocketFolder(of: "\(folder)/new/s", group: nil)
            #expect(mode("\(folder)/new") == 0o700)
        }
    }

    @Test func peerIsThisProcess() throws {
        var pair: [Int32] = [0, 0]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
        let peer = try #require(Peer(socket: pair[0]))
        #expect(peer.uid == geteuid() && peer.gid == getegid() && peer.pid == getpid())
        close(pair[0])
        close(pair[1])
    }

    @Test func ownerRootAndThoseNamedAreLetIn() {
        var policy = AccessPolicy()
        policy.daemon = 1000
        policy.users = [1001]
        policy.groups = [50]
        #expect(policy.allows(Peer(uid: 1000, gid: 1, pid: 1)))
        #expect(policy.allows(Peer(uid: 0, gid: 1, pid: 1)))
        #expect(policy.allows(Peer(uid: 1001, gid: 1, pid: 1)))
        #expect(policy.allows(Peer(uid: 1002, gid: 50, pid: 1)))
        #expect(policy.allows(Peer(uid: 1002, gid: 1, pid: 1, groups: [7, 50])))
        #expect(!policy.allows(Peer(uid: 1002, gid: 1, pid: 1, groups: [7])))
    }

    @Test func tokenIsComparedInFull() {
        let token = Token(bytes: Array("0123456789abcdef".utf8))
        #expect(token.matches("Bearer 0123456789abcdef"))
        #expect(token.matches("bearer 0123456789abcdef"))
        for header in [
            nil, "", "0123456789abcdef", "Bearer ", "Bearer 0123456789abcde",
            "Bearer 0123456789abcdeg", "Bearer 0123456789abcdef ", "Basic 0123456789abcdef",
        ] {
            #expect(!token.matches(header), "\(header ?? "none")")
        }
    }
}

import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A secret that requests over TCP must bring as `Authorization: Bearer …`.
package struct Token: Sendable {
    private let bytes: [UInt8]
    private static let shortest = 16

    /// Reads the first line of a file that nobody else may read.
    package init(path: String) throws {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw SocketError.system(path: path, action: "read", code: errno)
        }
        guard status.st_mode & 0o007 == 0 else {
            throw SocketError.token(
                path: path, problem: "others may read or change the token; chmod it to 600")
        }
        let text = try readFile(path, limit: 4096)
        let line = text.prefix { $0 != 0x0A && $0 != 0x0D }
        guard line.count >= Self.shortest, line.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw SocketError.token(
                path: path,
                problem: "expected a token of at least \(Self.shortest) printable characters in "
                    + "the first line")
        }
        bytes = Array(line)
    }

    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Whether an `Authorization` header brings it. The time taken does not tell how much of a
    /// guess is right.
    package func matches(_ header: String?) -> Bool {
        guard let header, header.lowercased().hasPrefix("bearer ") else { return false }
        let given = Array(header.utf8.dropFirst("bearer ".utf8.count))
        guard given.count == bytes.count else { return false }
        var difference: UInt8 = 0
        for index in bytes.indices { difference |= given[index] ^ bytes[index] }
        return difference == 0
    }
}

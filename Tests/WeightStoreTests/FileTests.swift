import Testing

@testable import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite struct MappedFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func contentIsMapped() throws {
        let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0) }
        let file = try MappedFile(path: folder.write("a", bytes))
        #expect(file.count == 10_000)
        #expect(file.bytes.elementsEqual(bytes))
    }

    @Test func emptyFilesAreMapped() throws {
        let file = try MappedFile(path: folder.write("a", []))
        #expect(file.count == 0)
        #expect(file.bytes.isEmpty)
        file.adviseWillNeed(0..<0)
        file.adviseDontNeed(0..<10)
        file.adviseSequential()
    }

    @Test func adviceKeepsTheContent() throws {
        let bytes = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let file = try MappedFile(path: folder.write("a", bytes))
        for range in [0..<50_000, 1..<4097, 4095..<8193, 49_999..<90_000, 60_000..<70_000, 5..<5] {
            file.adviseSequential()
            file.adviseWillNeed(range)
            file.adviseDontNeed(range)
            #expect(file.bytes.elementsEqual(bytes))
        }
    }

    @Test func missingFilesAreNamed() {
        expectError("cannot open \(folder.file("no")): No such file") {
            _ = try MappedFile(path: folder.file("no"))
        }
    }

    @Test func foldersPipesAndDevicesAreRefused() throws {
        expectError("is a folder, expected a regular file") {
            _ = try MappedFile(path: folder.path)
        }
        #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
        expectError("is a pipe") { _ = try MappedFile(path: folder.file("pipe")) }
        expectError("is a device") { _ = try MappedFile(path: "/dev/null") }
    }

    @Test func readingStopsAtTheLimit() throws {
        let path = try folder.write("a", [1, 2, 3])
        #expect(try readFile(path, limit: 3) == [1, 2, 3])
        expectError("too long: 3 bytes, at most 2") { _ = try readFile(path, limit: 2) }
        expectError("is a folder") { _ = try readFile(folder.path) }
    }
}

@Suite struct AtomicFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func fileAppearsOnCommitOnly() throws {
        let file = try AtomicFile(path: folder.file("a"))
        try file.write([1, 2])
        try file.write([3])
        #expect(folder.names.count == 1)
        #expect(folder.names[0].hasPrefix("."))
        try file.commit()
        #expect(folder.names == ["a"])
        #expect(try readFile(folder.file("a")) == [1, 2, 3])
    }

    @Test func nothingIsLeftWithoutCommit() throws {
        try folder.write("a", [9])
        do {
            let file = try AtomicFile(path: folder.file("a"))
            try file.write([1, 2])
        }
        #expect(folder.names == ["a"])
        #expect(try readFile(folder.file("a")) == [9])
    }

    @Test func existingFileIsReplacedAndItsModeKept() throws {
        let path = try folder.write("a", [9, 9, 9])
        #expect(chmod(path, 0o600) == 0)
        try AtomicFile.writeAtomically([1], to: path)
        #expect(try readFile(path) == [1])
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test func symbolicLinksAreFollowed() throws {
        try folder.write("real", [9])
        #expect(symlink("real", folder.file("link")) == 0)
        try AtomicFile.writeAtomically([1], to: folder.file("link"))
        #expect(try readFile(folder.file("real")) == [1])
        #expect(folder.names == ["link", "real"])
    }

    @Test func namesOfTheGreatestLengthAreWritten() throws {
        let name = String(repeating: "n", count: 255)
        try AtomicFile.writeAtomically([1], to: folder.file(name))
        #expect(folder.names == [name])
    }

    @Test func whatIsNoRegularFileIsNeverReplaced() throws {
        #expect(mkdir(folder.file("sub"), 0o755) == 0)
        expectError("is a folder") { try AtomicFile.writeAtomically([], to: folder.file("sub")) }
        expectError("is a folder") { try AtomicFile.writeAtomically([], to: folder.file("new/")) }
        expectError("is a device") { try AtomicFile.writeAtomically([], to: "/dev/null") }
        expectError("is a folder") { try AtomicFile.writeAtomically([], to: "/") }
        expectError("is a folder") { try AtomicFile.writeAtomically([], to: "") }
    }

    @Test func missingFolderIsNamed() throws {
        expectError("cannot find the folder \(folder.file("no"))") {
            try AtomicFile.writeAtomically([], to: folder.file("no/a"))
        }
        try folder.write("file", [])
        expectError("Not a directory") {
            try AtomicFile.writeAtomically([], to: folder.file("file/a"))
        }
    }

    @Test(.enabled(if: geteuid() != 0, "root may write anywhere"))
    func foldersWithoutPermissionAreNamed() throws {
        #expect(chmod(folder.path, 0o555) == 0)
        expectError("cannot create", "check the permissions") {
            try AtomicFile.writeAtomically([], to: folder.file("a"))
        }
    }

    @Test func aFullDiskIsNamed() throws {
        let file = try Descriptor("/dev/full", O_WRONLY, action: "open")
        expectError("cannot write /dev/full: No space left", "free some space") {
            try [1].withUnsafeBytes { try file.write($0) }
        }
        expectError("No space left") { try file.requireSpace(.max) }
    }
}

@Suite struct FolderTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in ["new", "old", "old/deep"] {
            #expect(mkdir(folder.file(name), 0o755) == 0)
        }
        try folder.write("new/a", [1])
        try folder.write("old/b", [2])
        try folder.write("old/deep/c", [3])
        try folder.write("outside", [4])
        #expect(symlink("../..", folder.file("old/deep/link")) == 0)
        #expect(symlink("../outside", folder.file("old/link")) == 0)
    }

    @Test(arguments: [true, false])
    func aFolderReplacesAnother(mayExchange: Bool) throws {
        try moveFolder(folder.file("new"), to: folder.file("old"), mayExchange: mayExchange)
        #expect(folder.names == ["old", "outside"])
        #expect(namesInFolder(folder.file("old")) == ["a"])
    }

    @Test func theOldFolderStepsBackWhenTheNewOneIsMissing() {
        expectError("cannot replace") {
            try moveFolder(folder.file("no"), to: folder.file("old"), mayExchange: false)
        }
        #expect(folder.names == ["new", "old", "outside"])
        #expect(namesInFolder(folder.file("old")) == ["b", "deep", "link"])
    }

    @Test func removingDoesNotFollowSymbolicLinks() throws {
        removeFolder(folder.file("old"))
        #expect(folder.names == ["new", "outside"])
        #expect(try readFile(folder.file("outside")) == [4])
    }
}

@Suite struct PathTests {
    @Test(arguments: [
        ("a", ".", "a"), ("a/b", "a", "b"), ("/a", "/", "a"), ("/a/b/", "/a", "b"),
        ("a//", ".", "a"),
        ("/", "/", ""), ("", ".", ""), ("a/..", "a", ".."),
    ])
    func pathsAreSplit(path: String, folder: String, name: String) {
        #expect(splitPath(path) == (folder, name))
    }
}

@Suite struct SHA256Tests {
    // FIPS 180-4's examples, and the digest of nothing.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopq"
                + "klmnopqrlmnopqrsmnopqrstnopqrstu",
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
        ),
    ])
    func standardVectorsAreMet(text: String, digest: String) {
        #expect(SHA256.digest(of: Array(text.utf8)) == digest)
    }

    @Test func aMillionLettersGiveTheStandardsDigest() {
        #expect(
            SHA256.digest(of: [UInt8](repeating: 0x61, count: 1_000_000))
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func piecesGiveTheDigestOfTheWhole() {
        let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let whole = SHA256.digest(of: bytes)
        for size in [1, 3, 55, 56, 57, 63, 64, 65, 127, 128, 299] {
            var digest = SHA256()
            var start = 0
            while start < bytes.count {
                digest.update(Array(bytes[start..<min(start + size, bytes.count)]))
                start += size
            }
            #expect(digest.hexadecimalDigest() == whole, "pieces of \(size)")
        }
    }

    // python3 -c "import hashlib; [print(hashlib.sha256(bytes(n)).hexdigest()) for n in range(54, 66)]"
    // joined and hashed once more.
    @Test func lengthsAroundABlockAreRight() {
        let digests = (54..<66).map { SHA256.digest(of: [UInt8](repeating: 0, count: $0)) }
        #expect(
            SHA256.digest(of: Array(digests.joined().utf8))
                == "2daeb9bf41fd01544532bba84e9dda2c0900ad6378783df28e16dc4a6ec2fed8")
    }

    @Test func filesAreDigestedInPieces() throws {
        let folder = try TemporaryFolder()
        for count in [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            let path = try folder.write("a", bytes)
            #expect(try SHA256.digest(ofFile: path) == SHA256.digest(of: bytes), "\(count)")
        }
    }
}

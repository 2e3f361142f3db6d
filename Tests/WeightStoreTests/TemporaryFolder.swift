import Testing
import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// An empty folder that goes away with its owner.
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/weightstore-XXXXXX".utf8CString)
        path = try #require(mkdtemp(&template).map { String(cString: $0) })
    }

    deinit { removeTree(path) }

    /// The path of `name` in this folder.
    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file and gives its path.
    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let stream = try #require(fopen(file(name), "w"))
        #expect(fwrite(bytes, 1, bytes.count, stream) == bytes.count)
        #expect(fclose(stream) == 0)
        return file(name)
    }

    /// The names in this folder, hidden ones included, sorted.
    var names: [String] { namesInFolder(path) }
}

/// The names in a folder, hidden ones included, sorted.
func namesInFolder(_ path: String) -> [String] {
    var names: [String] = []
    guard let folder = opendir(path) else { return [] }
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { names.append(name) }
    }
    closedir(folder)
    return names.sorted()
}

/// Removes a file or a folder and all in it.
func removeTree(_ path: String) {
    chmod(path, 0o755)
    for name in namesInFolder(path) { removeTree("\(path)/\(name)") }
    remove(path)
}

/// Expects `body` to throw a `WeightError` whose description has all of `parts`.
func expectError(
    _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation,
    from body: () throws -> Void
) {
    do {
        try body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch let error as WeightError {
        for part in parts {
            #expect(
                error.description.contains(part), "\(error.description)",
                sourceLocation: sourceLocation)
        }
    } catch {
        Issue.record("\(error)", sourceLocation: sourceLocation)
    }
}

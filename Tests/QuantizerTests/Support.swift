import Quantizer
import Testing
import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The folder of the tests.
let testsFolder = #filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" }

/// A file among the quantizer's fixtures.
func fixture(_ name: String) -> String { "\(testsFolder)/Fixtures/quantizer/\(name)" }

/// A diffusers folder among the fixtures.
func checkpoint(_ name: String) -> String { "\(testsFolder)/Fixtures/\(name)" }

/// An empty folder that goes away with its owner.
final class Scratch {
    let path: String

    init() throws {
        var template = Array("/tmp/quantizer-XXXXXX".utf8CString)
        path = try #require(mkdtemp(&template).map { String(cString: $0) })
    }

    deinit { removeAll(path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file, making the folders in its name, and gives its path.
    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        var folder = path
        for part in name.split(separator: "/").dropLast() {
            folder += "/\(part)"
            mkdir(folder, 0o755)
        }
        try AtomicFile.writeAtomically(bytes, to: file(name))
        return file(name)
    }

    /// The names in this folder, hidden ones included, sorted.
    var names: [String] { namesIn(path) }
}

func namesIn(_ path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
}

private func removeAll(_ path: String) {
    chmod(path, 0o755)
    for name in namesIn(path) { removeAll("\(path)/\(name)") }
    remove(path)
}

/// Tensors in memory. Names and shapes may contradict a model; numbers are made by `value`.
final class MemorySource: CheckpointSource {
    let path = "memory"
    let files: [String] = []
    var tensors: [CheckpointTensor]
    private let value: (_ name: String, _ index: Int) -> Float

    init(
        _ tensors: [CheckpointTensor], value: @escaping (String, Int) -> Float = { _, _ in 0.5 }
    ) {
        self.tensors = tensors
        self.value = value
    }

    /// What a model of this configuration needs.
    convenience init(
        _ expected: ExpectedTensors, value: @escaping (String, Int) -> Float = { _, _ in 0.5 }
    ) {
        let tensors = expected.tensors.map { tensor in
            CheckpointTensor(name: tensor.name, type: .f32, shape: tensor.shape)
        }
        self.init(tensors, value: value)
    }

    func read(_ name: String) throws(QuantizerError) -> [Float] {
        guard let tensor = tensors.first(where: { $0.name == name }) else {
            throw .missingTensor(path: path, name: name, shape: [])
        }
        return (0..<tensor.shape.reduce(1, *)).map { value(name, $0) }
    }
}

/// Expects `body` to throw a `QuantizerError` whose description has all of `parts`.
func expectError(
    _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation,
    from body: () throws -> Void
) {
    do {
        try body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch let error as QuantizerError {
        for part in parts {
            #expect(
                error.description.contains(part), "\(error.description)",
                sourceLocation: sourceLocation)
        }
    } catch {
        Issue.record("\(error)", sourceLocation: sourceLocation)
    }
}

import Quantizer
import Synchronization
import Testing
import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Checkpoints of the test data, quantized once a run into a temporary folder.
enum TestBundle {
    private static let made = Mutex<[String: String]>([:])
    private static let folder = Mutex<String?>(nil)

    /// The root of the repository.
    static let root = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }

    /// Where more fixtures may be found than the repository holds: `INKSTONE_FIXTURES`.
    static let fixtures =
        getenv("INKSTONE_FIXTURES").map { String(cString: $0) } ?? root + "/Tests/Fixtures"

    /// The checkpoints among `names` that are there.
    static func present(_ names: [String]) -> [String] {
        names.filter { access("\(fixtures)/\($0)/model_index.json", R_OK) == 0 }
    }

    /// The fixtures among `names` that are there.
    static func presentFiles(_ names: [String]) -> [String] {
        names.filter { access("\(fixtures)/\($0)", R_OK) == 0 }
    }

    /// A folder with the parts of fixture `checkpoint`, but with the U-Net in folder `unet`.
    static func checkpoint(_ checkpoint: String, unet: String) throws -> String {
        let path = "\(try temporaryFolder())/\(unet.filter { $0 != "/" })"
        guard mkdir(path, 0o755) == 0 else { return path }
        let base = "\(fixtures)/\(checkpoint)"
        for name in ["model_index.json", "text_encoder", "vae", "tokenizer", "scheduler"] {
            try #require(symlink("\(base)/\(name)", "\(path)/\(name)") == 0)
        }
        try #require(symlink("\(fixtures)/\(unet)", "\(path)/unet") == 0)
        return path
    }

    /// A place for a test's own files.
    static func folder(named name: String) throws -> String { "\(try temporaryFolder())/\(name)" }

    /// The path of a bundle made from `checkpoint` with weights of `type`.
    static func path(_ checkpoint: String, type: WeightType) throws -> String {
        try made.withLock { made in
            let key = "\(type.rawValue) \(checkpoint)"
            if let path = made[key] { return path }
            let path = "\(try temporaryFolder())/\(made.count)"
            _ = try Conversion.open(checkpoint, recipe: QuantizationRecipe(type: type))
                .write(to: path)
            made[key] = path
            return path
        }
    }

    private static func temporaryFolder() throws -> String {
        try folder.withLock { folder in
            if let folder { return folder }
            var template = Array("/tmp/inkstone-tests-XXXXXX".utf8CString)
            let made = template.withUnsafeMutableBufferPointer { buffer in
                buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
            }
            let path = try #require(made)
            folder = path
            removeAtExit(path)
            return path
        }
    }
}

private let folders = Mutex<[String]>([])

private func removeAtExit(_ path: String) {
    folders.withLock { $0.append(path) }
    atexit {
        for folder in folders.withLock({ $0 }) {
            _ = system("rm -rf '\(folder)'")
        }
    }
}

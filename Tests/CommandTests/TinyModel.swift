import Foundation
import Synchronization
import Testing
import WeightStore

/// A small model with random weights, and what diffusers computed with it.
enum TinyModel {
    /// The folder of the checkpoint and its expectations.
    static let checkpoint = fixtures + "/tiny-pai"
    static let fixtures =
        #filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" } + "/Fixtures"

    private static let made = Mutex<String?>(nil)

    /// The float32 bundle, made once by the quantizer.
    static func bundle() throws -> String {
        try made.withLock { made in
            if let made { return made }
            let scratch = try Scratch()
            let path = NSTemporaryDirectory() + "inkstone-tiny-\(getpid())"
            let run = try Program.quantize.run(
                [checkpoint, path, "--type", "f32", "--name", "tiny", "--force"], in: scratch)
            try #require(run.status == 0, "\(run.errors)")
            made = path
            atexit { try? FileManager.default.removeItem(atPath: TinyModel.temporary) }
            return path
        }
    }

    private static var temporary: String { NSTemporaryDirectory() + "inkstone-tiny-\(getpid())" }

    /// A copy of the bundle that may be damaged.
    static func copy(into scratch: Scratch) throws -> String {
        let path = scratch.path("model")
        try FileManager.default.copyItem(atPath: try bundle(), toPath: path)
        return path
    }

    static func expected() throws -> SafetensorsFile {
        try SafetensorsFile(path: checkpoint + "/expected.safetensors")
    }
}

/// ‖a − b‖ / ‖b‖.
func relativeError(_ a: [Float], _ b: [Float]) -> Double {
    guard a.count == b.count else { return .infinity }
    var difference = 0.0
    var norm = 0.0
    for (x, y) in zip(a, b) {
        difference += Double(x - y) * Double(x - y)
        norm += Double(y) * Double(y)
    }
    return (difference / norm).squareRoot()
}

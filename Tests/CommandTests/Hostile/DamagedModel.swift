import Foundation
import Testing
import WeightStore

/// The tiny model with a part that is damaged on purpose. What stays whole is linked, not copied.
struct DamagedModel {
    /// A tensor of a weight file, taken out to be changed.
    struct Tensor {
        var name: String
        var type: DataType
        var layout: Layout
        var shape: [Int]
        /// As stored; where the count is not what layout and shape ask for, the file gets zeros.
        var bytes: [UInt8] = []
    }

    /// The folder's name in the scratch folder.
    static let name = "model"
    static let stages = ["text_encoder", "unet", "vae"]

    /// What `bundle.json` says.
    private(set) var json: JSONObject
    private let scratch: Scratch

    init(in scratch: Scratch) throws {
        let source = try TinyModel.bundle()
        let files = FileManager.default
        try? files.removeItem(atPath: scratch.path(Self.name))
        try files.createDirectory(
            atPath: scratch.path(Self.name), withIntermediateDirectories: true)
        for name in try files.contentsOfDirectory(atPath: source) where name != Bundle.fileName {
            try files.createSymbolicLink(
                atPath: scratch.path("\(Self.name)/\(name)"),
                withDestinationPath: "\(source)/\(name)")
        }
        self.scratch = scratch
        json = try JSONObject.load("\(source)/\(Bundle.fileName)")
        try write(json.serialized(), to: Bundle.fileName)
    }

    /// Replaces a file of the folder, which may be in a folder of its own.
    func write(_ bytes: [UInt8], to name: String) throws {
        let path = scratch.path("\(Self.name)/\(name)")
        try? FileManager.default.removeItem(atPath: path)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    /// Sets the value of the key at `path` in `bundle.json`; nil removes the key.
    mutating func set(_ path: [String], _ value: JSONValue?) throws {
        json = JSONValue.object(json).with(path[...], value)?.object ?? json
        try write(json.serialized(), to: Bundle.fileName)
    }

    /// The whole weight file of a stage.
    func bytes(_ stage: String) throws -> [UInt8] {
        Array(try Data(contentsOf: scratch.url("\(Self.name)/\(stage).safetensors")))
    }

    /// Replaces a weight file; `bundle.json` agrees with it unless told not to.
    mutating func replace(_ stage: String, _ bytes: [UInt8], isTold: Bool = true) throws {
        try write(bytes, to: "\(stage).safetensors")
        guard isTold else { return }
        try set(["stages", stage, "bytes"], .integer(Int64(bytes.count)))
        try set(["stages", stage, "sha256"], .string(SHA256.digest(of: bytes)))
    }

    /// Takes the tensors of a weight file out, lets them be changed, and writes a valid file of them.
    mutating func rewrite(_ stage: String, _ change: (inout [Tensor]) -> Void) throws {
        var tensors = try WeightFile(path: scratch.path("\(Self.name)/\(stage).safetensors"))
            .tensors.map {
                Tensor(
                    name: $0.name, type: $0.type, layout: $0.layout, shape: $0.shape,
                    bytes: Array($0.bytes))
            }
        change(&tensors)
        let path = scratch.path(".rewritten")
        let writer = try WeightFileWriter(
            path: path,
            plan: tensors.map {
                PlannedTensor(
                    name: $0.name, type: $0.type, layout: $0.layout, trueShape: $0.shape)
            })
        for tensor in tensors {
            let count = try tensor.layout.storedByteCount(type: tensor.type, shape: tensor.shape)
            try writer.append(
                tensor.bytes.count == count ? tensor.bytes : [UInt8](repeating: 0, count: count))
        }
        _ = try writer.finish()
        let bytes = try scratch.bytes(".rewritten")
        try FileManager.default.removeItem(atPath: path)
        try replace(stage, bytes)
    }

    /// Draws one step of a small picture into `a.png`.
    func draw(_ arguments: [String] = []) throws -> Run {
        let size = arguments.contains("--size") ? [] : ["--size", "16x16"]
        let steps = arguments.contains("--steps") ? [] : ["--steps", "1"]
        return try Program.inkstone.run(
            ["generate", "a", "--model", Self.name, "--seed", "1", "-o", "a.png", "-q"] + size
                + steps
                + arguments, in: scratch)
    }
}

extension JSONValue {
    /// This value with another one at `path`.
    fileprivate func with(_ path: ArraySlice<String>, _ value: JSONValue?) -> JSONValue? {
        guard let key = path.first else { return value }
        var object = object ?? JSONObject()
        object[key] = (object[key] ?? .object([:])).with(path.dropFirst(), value)
        return .object(object)
    }
}

extension Run {
    /// Checks what every refusal promises: the right status, one message in words that can be shown on
    /// a terminal, nothing on standard output, and no file but those that were there before.
    func expectRefusal(
        status: Int32 = 1, saying words: String..., in scratch: Scratch,
        leaving names: [String] = [DamagedModel.name], _ comment: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let comment = Comment(rawValue: "\(comment): status \(self.status), \(errors)")
        #expect(self.status == status, comment, sourceLocation: sourceLocation)
        #expect(isOneMessage, comment, sourceLocation: sourceLocation)
        for word in words {
            #expect(errors.contains(word), comment, sourceLocation: sourceLocation)
        }
        #expect(output.isEmpty, comment, sourceLocation: sourceLocation)
        #expect(try scratch.names() == names.sorted(), comment, sourceLocation: sourceLocation)
    }

    /// Checks that the run did what it was asked, or refused as it should, and crashed in no case.
    func expectPictureOrRefusal(
        in scratch: Scratch, _ comment: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        guard self.status == 0 else {
            return try expectRefusal(in: scratch, comment, sourceLocation: sourceLocation)
        }
        #expect(
            try scratch.names() == ["a.png", DamagedModel.name], Comment(rawValue: comment),
            sourceLocation: sourceLocation)
        try FileManager.default.removeItem(atPath: scratch.path("a.png"))
    }

    /// Whether standard error is one message of one line, followed at most by the hint to `--help`.
    private var isOneMessage: Bool {
        var lines = errors.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.popLast() == "" else { return false }
        if lines.last?.hasPrefix("See inkstone") == true { lines.removeLast() }
        let isSafe = errors.unicodeScalars.allSatisfy {
            $0 == "\n" || $0.properties.generalCategory != .control
        }
        return lines.count == 1 && lines[0].hasPrefix("inkstone: error: ") && isSafe
    }
}

/// How often random damage is tried: more with `INKSTONE_LONG_TESTS=1`.
func trials(_ count: Int) -> Range<Int> {
    ProcessInfo.processInfo.environment["INKSTONE_LONG_TESTS"] == "1" ? 0..<count * 30 : 0..<count
}

import Testing

@testable import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The path of a committed file.
func fixture(_ name: String) -> String {
    let here = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    return "/\(here)/Fixtures/weightstore/\(name)"
}

@Suite struct SafetensorsFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    // from safetensors.numpy import save_file; import numpy as n
    // save_file({"f64": n.array([[0.1, -2.5]]), "f32": n.array([1.5, n.inf], n.float32),
    //     "f16": n.array([65504, 6e-8], n.float16), "i64": n.array([-2**63, 7]),
    //     "i32": n.array([-5], n.int32), "i16": n.array([300, -300], n.int16),
    //     "i8": n.array([-128], n.int8), "u8": n.array([255], n.uint8),
    //     "bool": n.array([True, False]), "scalar": n.array(3, n.int64),
    //     "empty": n.zeros((0, 4), n.float32)}, "python.safetensors", {"format": "np", "熊": "猫"})
    @Test func filesOfPythonsLibraryAreRead() throws {
        let file = try SafetensorsFile(path: fixture("python.safetensors"))
        #expect(file.metadata == ["format": "np", "熊": "猫"])
        #expect(file.tensors.count == 11)
        #expect(file.entry("f64")?.shape == [1, 2])
        #expect(try file.floats("f64") == [0.1, -2.5])
        #expect(try file.floats("f32") == [1.5, .infinity])
        #expect(try file.floats("f16") == [65504, 0x1p-24])
        #expect(try file.integers("i64") == [.min, 7])
        #expect(try file.integers("i32") == [-5])
        #expect(try file.integers("i16") == [300, -300])
        #expect(try file.integers("i8") == [-128])
        #expect(try file.integers("u8") == [255])
        #expect(try file.integers("bool") == [1, 0])
        #expect(file.entry("scalar")?.shape == [])
        #expect(try file.integers("scalar") == [3])
        #expect(try file.floats("empty") == [])
    }

    @Test func bfloat16IsTheUpperHalfOfFloat32() throws {
        let values: [Float] = [1, -0.15625, .infinity, 0x1.fep127, 0x1p-133]
        let halves = values.map { UInt16($0.bitPattern >> 16) }
        let path = folder.file("a")
        try writeSafetensors(
            [
                SafetensorsTensor(
                    name: "x", type: .bf16, shape: [5], bytes: halves.withUnsafeBytes(Array.init))
            ], to: path)
        #expect(try SafetensorsFile(path: path).floats("x") == values)
    }

    @Test func whatIsWrittenIsReadBack() throws {
        let path = folder.file("a.safetensors")
        let tensors = [
            SafetensorsTensor(name: "b", shape: [2, 1], floats: [1, -2]),
            SafetensorsTensor(name: "空", shape: [0], floats: []),
            SafetensorsTensor(name: "a\"\n", shape: [], integers: [7]),
            SafetensorsTensor(name: "c", type: .u8, shape: [3], bytes: [1, 2, 3]),
        ]
        try writeSafetensors(tensors, metadata: ["k": "v", "a": ""], to: path)
        #expect(folder.names == ["a.safetensors"])
        let file = try SafetensorsFile(path: path)
        #expect(file.dataStart % 8 == 0)
        #expect(file.metadata == ["k": "v", "a": ""])
        let read = file.tensors.map {
            SafetensorsTensor(
                name: $0.name, type: $0.type, shape: $0.shape, bytes: Array(file.bytes($0)))
        }
        #expect(read == tensors)
        #expect(try readFile(path) == safetensorsBytes(tensors, metadata: ["a": "", "k": "v"]))
    }

    @Test func tensorsOfNoneAreRead() throws {
        try writeSafetensors([], to: folder.file("a"))
        #expect(try SafetensorsFile(path: folder.file("a")).tensors.isEmpty)
    }

    @Test func aWrongNumberOfElementsIsNotWritten() {
        expectError("tensor \"x\"", "as many bytes as F32 [3] has, found 8") {
            try writeSafetensors(
                [SafetensorsTensor(name: "x", shape: [3], floats: [1, 2])], to: folder.file("a"))
        }
        expectError("tensor \"x\"") {
            try writeSafetensors(
                [SafetensorsTensor(name: "x", shape: [.max, 4], floats: [])],
                to: folder.file("a"))
        }
        #expect(folder.names == [])
    }

    @Test func namesThatCannotBeReadAreNotWritten() {
        let long = String(repeating: "n", count: 1025)
        for name in ["__metadata__", long] {
            expectError("a name and a size that fit the format") {
                _ = try safetensorsBytes([SafetensorsTensor(name: name, shape: [0], floats: [])])
            }
        }
        let one = SafetensorsTensor(name: "x", shape: [0], floats: [])
        expectError("each name once") { _ = try safetensorsBytes([one, one]) }
    }

    @Test func missingTensorsAreNamed() throws {
        let file = try SafetensorsFile(path: fixture("python.safetensors"))
        #expect(file.entry("no") == nil)
        expectError("python.safetensors: tensor \"no\" is missing") { _ = try file.floats("no") }
        expectError("tensor \"no\" is missing") { _ = try file.integers("no") }
    }

    @Test func wrongTypesAreNamed() throws {
        let file = try SafetensorsFile(path: fixture("python.safetensors"))
        expectError("tensor \"i8\"", "F16 or BF16, found I8 [1]") { _ = try file.floats("i8") }
        expectError("tensor \"f32\"", "found F32 [2]") { _ = try file.integers("f32") }
    }

    @Test func filesThatAreNoneAreRefused() throws {
        expectError("0 bytes long") {
            _ = try SafetensorsFile(path: folder.write("a", []))
        }
        expectError("1 bytes long") {
            _ = try SafetensorsFile(path: folder.write("a", [1]))
        }
        expectError("is a folder") { _ = try SafetensorsFile(path: folder.path) }
        expectError("cannot open") { _ = try SafetensorsFile(path: folder.file("no")) }
        #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
        expectError("is a pipe") { _ = try SafetensorsFile(path: folder.file("pipe")) }
    }

    @Test func everyTruncationIsRefused() throws {
        let bytes = try readFile(fixture("python.safetensors"))
        for count in 0..<bytes.count {
            let path = try folder.write("a", Array(bytes.prefix(count)))
            expectError { _ = try SafetensorsFile(path: path) }
        }
    }

    @Test func everyFlippedBitIsRefusedOrKeepsThePromises() throws {
        var bytes = try readFile(fixture("python.safetensors"))
        let header = 8 + Int(bytes[0]) + Int(bytes[1]) << 8
        for position in 0..<header {
            for bit in 0..<8 {
                bytes[position] ^= 1 << bit
                defer { bytes[position] ^= 1 << bit }
                let parsed = bytes.withUnsafeBytes { raw in
                    try? SafetensorsHeader.parse(bytes: raw, fileSize: raw.count, path: "x")
                }
                guard let parsed else { continue }
                var end = parsed.dataStart
                for tensor in parsed.tensors {
                    #expect(tensor.range.lowerBound == end, "byte \(position) bit \(bit)")
                    #expect(elementCount(of: tensor.shape) == tensor.count)
                    end = tensor.range.upperBound
                }
                #expect(end == bytes.count)
            }
        }
    }
}

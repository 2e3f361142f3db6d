import Testing

@testable import WeightStore

/// A plan with one tensor of each layout.
let samplePlan = [
    PlannedTensor(name: "embedding", type: .f16, layout: .plain, trueShape: [2, 32]),
    PlannedTensor(name: "conv.weight", type: .i8, layout: .panel4x8, trueShape: [9, 3, 3, 3]),
    PlannedTensor(name: "conv.weight_scale", type: .f32, layout: .padded, trueShape: [9]),
    PlannedTensor(name: "conv.bias", type: .f32, layout: .padded, trueShape: [9]),
    PlannedTensor(name: "proj.weight", type: .f32, layout: .panel16, trueShape: [17, 5]),
]

/// Bytes for a planned tensor that tell their place.
func sampleBytes(_ tensor: PlannedTensor) throws -> [UInt8] {
    let count = try tensor.layout.storedByteCount(type: tensor.type, shape: tensor.trueShape)
    return (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ tensor.name.utf8.count) }
}

/// Writes the sample file.
@discardableResult
func writeSample(_ writer: WeightFileWriter, pieces: Int = .max) throws -> WrittenFile {
    for tensor in samplePlan {
        var rest = try sampleBytes(tensor)[...]
        while !rest.isEmpty {
            try writer.append(Array(rest.prefix(pieces)))
            rest = rest.dropFirst(pieces)
        }
    }
    return try writer.finish()
}

@Suite struct WeightFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Writes an ordinary safetensors file with the data at `alignment`, as a lying bundle would.
    private func write(
        _ tensors: [SafetensorsTensor], metadata: [String: String],
        format: [String: String] = ["format": "inkstone", "version": "1"], alignment: Int = 4096
    ) throws -> String {
        let items = tensors.map {
            HeaderItem(name: $0.name, type: $0.type, shape: $0.shape, size: $0.bytes.count)
        }
        let header = try safetensorsHeader(
            items, metadata: metadata.merging(format) { first, _ in first },
            dataAlignment: alignment, path: "")
        return try folder.write("w.safetensors", header + tensors.flatMap(\.bytes))
    }

    private func zeros(_ name: String, _ type: DataType, _ shape: [Int]) -> SafetensorsTensor {
        SafetensorsTensor(
            name: name, type: type, shape: shape,
            bytes: [UInt8](repeating: 0, count: shape.reduce(type.size, *)))
    }

    @Test func whatIsWrittenIsReadBack() throws {
        let path = folder.file("w")
        let written = try writeSample(
            WeightFileWriter(path: path, plan: samplePlan, metadata: ["note": "x"]))
        let file = try WeightFile(path: path, sha256: written.sha256)
        #expect(file.names == samplePlan.map(\.name))
        #expect(file.metadata == ["format": "inkstone", "version": "1", "note": "x"])
        #expect(file.file.count == written.byteCount)
        for planned in samplePlan {
            #expect(file.contains(planned.name))
            let tensor = try file.tensor(planned.name)
            #expect(tensor.layout == planned.layout)
            #expect(tensor.type == planned.type)
            #expect(tensor.shape == planned.trueShape)
            #expect(tensor.bytes.elementsEqual(try sampleBytes(planned)))
        }
        try file.verify()
        file.adviseWillNeed()
        file.adviseDontNeed()
    }

    @Test func everyTensorIsAlignedTo64AndTheDataTo4096() throws {
        let path = folder.file("w")
        try writeSample(WeightFileWriter(path: path, plan: samplePlan))
        let source = try SafetensorsFile(path: path)
        #expect(source.dataStart == 4096)
        for tensor in try WeightFile(path: path).tensors {
            #expect(UInt(bitPattern: tensor.pointer) % 64 == 0)
            #expect(tensor.bytes.count % 64 == 0)
        }
    }

    @Test func aTensorKeepsItsFileMapped() throws {
        let path = folder.file("w")
        try writeSample(WeightFileWriter(path: path, plan: samplePlan))
        let tensor = try WeightFile(path: path).tensor("proj.weight")
        #expect(tensor.bytes.elementsEqual(try sampleBytes(samplePlan[4])))
        #expect(tensor.owner.count > 4096)
    }

    @Test func piecesOfAnySizeGiveTheSameFile() throws {
        let whole = try writeSample(WeightFileWriter(path: folder.file("w"), plan: samplePlan))
        #expect(try SHA256.digest(ofFile: folder.file("w")) == whole.sha256)
        for size in [1, 63, 64, 100] {
            let name = folder.file("w\(size)")
            let file = try writeSample(
                WeightFileWriter(path: name, plan: samplePlan), pieces: size)
            #expect(file == whole)
            #expect(try readFile(name) == readFile(folder.file("w")))
        }
    }

    @Test func largeTensorsPassTheBuffer() throws {
        let plan = [
            PlannedTensor(name: "a", type: .i8, layout: .plain, trueShape: [64]),
            PlannedTensor(name: "b", type: .i8, layout: .plain, trueShape: [1 << 19]),
        ]
        let writer = try WeightFileWriter(path: folder.file("w"), plan: plan)
        let large = (0..<1 << 19).map { UInt8(truncatingIfNeeded: $0 >> 8) }
        try writer.append([UInt8](repeating: 1, count: 64))
        try writer.append(large)
        let written = try writer.finish()
        #expect(try SHA256.digest(ofFile: folder.file("w")) == written.sha256)
        let file = try WeightFile(path: folder.file("w"))
        #expect(try file.tensor("b").bytes.elementsEqual(large))
    }

    @Test func wholeTensorsArePaddedWithZeros() throws {
        let writer = try WeightFileWriter(path: folder.file("w"), plan: samplePlan)
        for planned in samplePlan {
            #expect(writer.currentTensor == planned.name)
            let bytes = try sampleBytes(planned)
            let given = planned.layout == .padded ? Array(bytes.prefix(36)) : bytes
            try given.withUnsafeBytes { try writer.appendTensor(planned.name, $0) }
        }
        #expect(writer.currentTensor == nil)
        _ = try writer.finish()
        let scale = try WeightFile(path: folder.file("w")).tensor("conv.weight_scale")
        #expect(scale.bytes.dropFirst(36).allSatisfy { $0 == 0 })
        #expect(scale.bytes.prefix(36).elementsEqual(try sampleBytes(samplePlan[2]).prefix(36)))
    }

    @Test func tensorsOutOfOrderAreRefused() throws {
        let writer = try WeightFileWriter(path: folder.file("w"), plan: samplePlan)
        let bytes = try sampleBytes(samplePlan[1])
        expectError("\"conv.weight\"", "embedding next") {
            try bytes.withUnsafeBytes { try writer.appendTensor("conv.weight", $0) }
        }
    }

    @Test func tooManyBytesAreRefused() throws {
        let writer = try WeightFileWriter(path: folder.file("w"), plan: samplePlan)
        expectError("\"embedding\"", "at most 128 more bytes, found 129") {
            try writer.append([UInt8](repeating: 0, count: 129))
        }
        expectError("\"embedding\"", "128 bytes, found 64") {
            try [UInt8](repeating: 0, count: 64).withUnsafeBytes {
                try writer.appendTensor("embedding", $0)
            }
        }
        for tensor in samplePlan { try writer.append(sampleBytes(tensor)) }
        expectError("at most 0 more bytes") { try writer.append([0]) }
    }

    @Test func incompleteFilesAreNotFinished() throws {
        let writer = try WeightFileWriter(path: folder.file("w"), plan: samplePlan)
        try writer.append([UInt8](repeating: 0, count: 128))
        try writer.append([0])
        expectError("\"conv.weight\"", "639 more bytes, found the end") { _ = try writer.finish() }
    }

    @Test func plansThatBreakTheFormatAreRefused() throws {
        func expectRefusal(_ part: String, _ plan: [PlannedTensor], _ metadata: [String: String]) {
            expectError(part) {
                _ = try WeightFileWriter(path: folder.file("w"), plan: plan, metadata: metadata)
            }
        }
        let table = PlannedTensor(name: "a", type: .f32, layout: .padded, trueShape: [3])
        let bare = PlannedTensor(name: "a", type: .f32, layout: .plain, trueShape: [16])
        expectRefusal("each name once", [bare, bare], [:])
        expectRefusal("a name that is free", [table, table], [:])
        expectRefusal("a name that is free", [table], ["a": "x"])
        for name in ["format", "version", "__metadata__"] {
            var other = table
            other.name = name
            expectRefusal("\"\(name)\"", [other], [:])
        }
        for shape in [[], [0], [-1], [3, 0]] {
            var other = table
            other.trueShape = shape
            expectRefusal("a shape with elements", [other], [:])
        }
        var plain = table
        plain.layout = .plain
        expectRefusal("multiple of 64 bytes", [plain], [:])
        let panel = PlannedTensor(name: "w", type: .i8, layout: .panel4x8, trueShape: [3, 3])
        expectRefusal("\"w_scale\"", [panel], [:])
        expectRefusal("\"w_scale\"", [panel, table], [:])
        var scale = table
        scale.name = "w_scale"
        scale.trueShape = [4]
        expectRefusal("\"w_scale\"", [panel, scale], [:])
        #expect(folder.names == [])
    }

    @Test func plansLargerThanTheDiskAreRefused() {
        let plan = [
            PlannedTensor(name: "a", type: .i8, layout: .plain, trueShape: [1 << 60]),
            PlannedTensor(name: "b", type: .i8, layout: .plain, trueShape: [1 << 60]),
        ]
        expectError("cannot write 2305843009213698048 bytes", "No space left") {
            _ = try WeightFileWriter(path: folder.file("w"), plan: plan)
        }
    }

    // MARK: Files that lie

    @Test func filesOfOtherOriginAreRefused() throws {
        expectError("a weight file that inkstone-quantize made, found metadata format none") {
            _ = try WeightFile(path: write([], metadata: [:], format: [:]))
        }
        expectError("found metadata format pt") {
            _ = try WeightFile(path: write([], metadata: [:], format: ["format": "pt"]))
        }
        expectError("weight file version 1, found 2") {
            _ = try WeightFile(
                path: write([], metadata: [:], format: ["format": "inkstone", "version": "2"]))
        }
    }

    @Test func dataOffThePageIsRefused() throws {
        let tensor = zeros("a", .f32, [16])
        _ = try WeightFile(path: write([tensor], metadata: [:]))
        expectError("data at a multiple of 4096 bytes") {
            _ = try WeightFile(path: write([tensor], metadata: [:], alignment: 64))
        }
    }

    @Test func sizesOff64BytesAreRefused() throws {
        expectError("\"a\"", "multiple of 64 bytes") {
            _ = try WeightFile(path: write([zeros("a", .f32, [15])], metadata: [:]))
        }
        expectError("\"a\"", "stored shape [64]") {
            _ = try WeightFile(path: write([zeros("a", .i8, [2])], metadata: ["a": "padded 2"]))
        }
    }

    @Test func emptyTensorsAreRefused() throws {
        expectError("\"a\"", "with elements") {
            _ = try WeightFile(path: write([zeros("a", .f32, [0])], metadata: [:]))
        }
    }

    @Test(arguments: [
        "panel16 16x5", "padded 17", "padded 4x5", "panel16 32x4", "panel16 16x2x2x2",
    ])
    func storedShapesThatTheLayoutDoesNotGiveAreRefused(layout: String) throws {
        _ = try WeightFile(
            path: write([zeros("a", .f32, [1, 4, 16])], metadata: ["a": "panel16 16x4"]))
        expectError("\"a\"", "stored shape") {
            _ = try WeightFile(
                path: write([zeros("a", .f32, [1, 4, 16])], metadata: ["a": layout]))
        }
    }

    @Test(arguments: ["panel8 16x4", "", "panel16 16x", "plain 1x4x16", "panel16 16x-4"])
    func unknownLayoutsAreRefused(layout: String) throws {
        expectError("\"a\"", "a layout such as") {
            _ = try WeightFile(
                path: write([zeros("a", .f32, [1, 4, 16])], metadata: ["a": layout]))
        }
    }

    @Test func layoutsOfTheWrongTypeAreRefused() throws {
        expectError("\"a\"", "I8 of shape") {
            _ = try WeightFile(
                path: write([zeros("a", .f32, [1, 2, 8, 4])], metadata: ["a": "panel4x8 8x8"]))
        }
    }

    @Test func layoutsWithoutTensorAreRefused() throws {
        expectError("\"b\" is missing") {
            _ = try WeightFile(
                path: write([zeros("a", .f32, [16])], metadata: ["b": "padded 3", "note": "x"]))
        }
    }

    @Test func int8PanelsWithoutScalesAreRefused() throws {
        let weight = zeros("w", .i8, [1, 2, 8, 4])
        let scale = zeros("w_scale", .f32, [16])
        let layouts = ["w": "panel4x8 8x8", "w_scale": "padded 8"]
        _ = try WeightFile(path: write([weight, scale], metadata: layouts))
        expectError("\"w_scale\" is missing") {
            _ = try WeightFile(path: write([weight], metadata: ["w": "panel4x8 8x8"]))
        }
        expectError("\"w_scale\" is missing") {
            _ = try WeightFile(path: write([scale, weight], metadata: layouts))
        }
        expectError("\"w_scale\"", "expected F32 [8], found F32 [16]") {
            _ = try WeightFile(path: write([weight, scale], metadata: ["w": "panel4x8 8x8"]))
        }
        expectError("\"w_scale\"", "expected F32 [8], found F16 [8]") {
            _ = try WeightFile(
                path: write([weight, zeros("w_scale", .f16, [32])], metadata: layouts))
        }
    }

    @Test func missingTensorsAreNamed() throws {
        let file = try WeightFile(path: write([zeros("a", .f32, [16])], metadata: [:]))
        #expect(!file.contains("b"))
        expectError("w.safetensors: tensor \"b\" is missing") { _ = try file.tensor("b") }
    }

    @Test func verifyingFindsAFlippedBit() throws {
        let path = folder.file("w")
        let written = try writeSample(WeightFileWriter(path: path, plan: samplePlan))
        var bytes = try readFile(path)
        bytes[bytes.count - 1] ^= 1
        try folder.write("w", bytes)
        let file = try WeightFile(path: path, sha256: written.sha256)
        expectError("is damaged", written.sha256) { try file.verify() }
    }
}

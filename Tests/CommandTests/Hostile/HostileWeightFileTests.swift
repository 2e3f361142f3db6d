import Foundation
import TestSupport
import Testing
import WeightStore

/// Weight files that are cut, changed in single bits, or whose headers lie: the command says what is
/// wrong with which file and leaves nothing behind.
@Suite struct HostileWeightFileTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    /// The length of a file's header, with the eight bytes that give it.
    private static func headerLength(_ bytes: [UInt8]) -> Int {
        8 + (0..<8).reduce(0) { $0 + Int(bytes[$1]) << (8 * $1) }
    }

    @Test(arguments: DamagedModel.stages) func cutFilesAreRefused(stage: String) throws {
        let whole = try DamagedModel(in: scratch).bytes(stage)
        let header = Self.headerLength(whole)
        var random = SeededGenerator(seed: 1)
        let lengths =
            [0, 7, 8, 100, header - 1, header, header + 1, whole.count - 1]
            + trials(2).map { _ in Int.random(in: 0..<whole.count, using: &random) }
        for (index, length) in lengths.enumerated() {
            var model = try DamagedModel(in: scratch)
            // Where bundle.json agrees with the short file, the file's own header must give it away.
            try model.replace(stage, Array(whole[..<length]), isTold: index.isMultiple(of: 2))
            try model.draw().expectRefusal(
                saying: "\(stage).safetensors", in: scratch, "cut to \(length) bytes")
        }
        var model = try DamagedModel(in: scratch)
        try model.replace(stage, whole + [UInt8](repeating: 0, count: 64))
        try model.draw().expectRefusal(saying: "\(stage).safetensors", in: scratch, "64 more bytes")
    }

    /// A changed bit of the header may be in a place that nobody reads, such as white space.
    @Test(arguments: DamagedModel.stages)
    func changedBitsOfTheHeaderAreRefusedOrHarmless(stage: String) throws {
        let whole = try DamagedModel(in: scratch).bytes(stage)
        let text = whole[..<Self.headerLength(whole)].lastIndex { $0 != UInt8(ascii: " ") } ?? 0
        var random = SeededGenerator(seed: 2)
        for _ in trials(15) {
            let (place, bit) = (
                Int.random(in: 0...text, using: &random), Int.random(in: 0..<8, using: &random)
            )
            var bytes = whole
            bytes[place] ^= 1 << UInt8(bit)
            var model = try DamagedModel(in: scratch)
            try model.replace(stage, bytes)
            try model.draw().expectPictureOrRefusal(
                in: scratch, "\(stage): bit \(bit) of byte \(place)")
        }
    }

    /// Damaged numbers draw another picture, or so large ones that arithmetic breaks down.
    @Test(arguments: DamagedModel.stages)
    func changedBitsOfTheNumbersDoNotCrash(stage: String) throws {
        let whole = try DamagedModel(in: scratch).bytes(stage)
        var random = SeededGenerator(seed: 3)
        for index in trials(6) {
            let number = Int.random(
                in: Self.headerLength(whole) / 4..<whole.count / 4, using: &random)
            // Every second time the exponent's highest bit, which makes small numbers huge.
            let place = index.isMultiple(of: 2) ? 4 * number + 3 : 4 * number
            var bytes = whole
            bytes[place] ^= index.isMultiple(of: 2) ? 0x40 : 0x01
            var model = try DamagedModel(in: scratch)
            try model.replace(stage, bytes)
            try model.draw().expectPictureOrRefusal(in: scratch, "\(stage): byte \(place)")
        }
    }

    @Test(arguments: DamagedModel.stages) func weightsThatAreNotFiniteAreTold(stage: String) throws
    {
        for pattern: UInt32 in [0x7FC0_0000, 0x7F80_0000, 0xFF80_0000] {
            var model = try DamagedModel(in: scratch)
            try model.rewrite(stage) { tensors in
                for index in tensors.indices where tensors[index].name.hasSuffix(".weight") {
                    tensors[index].bytes = tensors[index].bytes.indices.map {
                        UInt8(truncatingIfNeeded: pattern >> (8 * UInt32($0 % 4)))
                    }
                }
            }
            try model.draw().expectRefusal(saying: "infinite or undefined", in: scratch, stage)
            let run = try Program.inkstone.run(
                ["inspect", DamagedModel.name, "--verify"], in: scratch)
            #expect(run.status == 1 && run.errors.contains("\(stage).safetensors: tensor"))
        }
    }

    // MARK: Headers that lie

    /// A value of a header and what is put in its place; nil removes it.
    struct Lie: Sendable {
        let name: String
        /// The header's entry: a tensor unless it is `__metadata__`.
        var entry: String?
        /// A field of the entry; nil for the whole entry, `tensor` for the tensor's name.
        var field: String?
        let value: JSONValue?
    }

    static let lies: [Lie] = [
        Lie(name: "overlap", field: "data_offsets", value: [0, 64]),
        Lie(
            name: "out of range", field: "data_offsets",
            value: [1_099_511_627_776, 2_199_023_255_552]),
        Lie(name: "beyond 64 bits", field: "data_offsets", value: [1e19, 2e19]),
        Lie(
            name: "at the limit", field: "data_offsets",
            value: [.integer(.max), .integer(.max)]),
        Lie(name: "negative offsets", field: "data_offsets", value: [-64, 0]),
        Lie(name: "offsets reversed", field: "data_offsets", value: [64, 0]),
        Lie(name: "one offset", field: "data_offsets", value: [0]),
        Lie(name: "product overflow", field: "shape", value: [4_294_967_296, 4_294_967_296, 2]),
        Lie(name: "huge shape", field: "shape", value: [.integer(.max)]),
        Lie(name: "negative shape", field: "shape", value: [-1]),
        Lie(name: "empty tensor", field: "shape", value: [0]),
        Lie(name: "scalar", field: "shape", value: []),
        Lie(name: "nine dimensions", field: "shape", value: [1, 1, 1, 1, 1, 1, 1, 1, 32]),
        Lie(name: "unknown type", field: "dtype", value: "F8_E5M2"),
        Lie(name: "no type", field: "dtype", value: nil),
        Lie(name: "type as number", field: "dtype", value: 32),
        Lie(name: "no fields", value: [:]),
        Lie(name: "text for fields", value: "F32"),
        Lie(name: "version", entry: "__metadata__", field: "version", value: "2"),
        Lie(name: "format", entry: "__metadata__", field: "format", value: "pt"),
        Lie(name: "metadata as list", entry: "__metadata__", value: []),
        Lie(name: "layout", entry: "__metadata__", field: "tensor", value: "panel99 4x4"),
        Lie(name: "layout's shape", entry: "__metadata__", field: "tensor", value: "panel16 9x9"),
        Lie(
            name: "layout overflow", entry: "__metadata__", field: "tensor",
            value: "panel16 9223372036854775807x9"),
        Lie(name: "layout of nobody", entry: "__metadata__", field: "nobody", value: "padded 3"),
    ]

    @Test(arguments: lies.indices) func lyingHeadersAreRefused(index: Int) throws {
        let lie = Self.lies[index]
        for stage in DamagedModel.stages {
            var model = try DamagedModel(in: scratch)
            let whole = try model.bytes(stage)
            let end = Self.headerLength(whole)
            var header = try #require(try JSONValue.parse(Array(whole[8..<end])).object)
            let tensor = header.keys.filter { $0 != "__metadata__" }[3]
            let entry = lie.entry ?? tensor
            if let field = lie.field {
                var fields = header[entry]?.object ?? [:]
                fields[field == "tensor" ? tensor : field] = lie.value
                header[entry] = .object(fields)
            } else {
                header[entry] = lie.value
            }
            try model.replace(stage, Self.file(header.serialized(), whole[end...]))
            try model.draw().expectRefusal(
                saying: "\(stage).safetensors", in: scratch, "\(stage): \(lie.name)")
        }
    }

    /// A header text whose length lies, which is no JSON, or which is not where it should be.
    @Test func brokenHeaderTextsAreRefused() throws {
        let whole = try DamagedModel(in: scratch).bytes("unet")
        let end = Self.headerLength(whole)
        let (text, data) = (Array(whole[8..<end]), whole[end...])
        let closing = try #require(text.lastIndex(of: UInt8(ascii: "}")))
        let name = "\"conv_in.bias\":"
        let entry = "{\"dtype\":\"F32\",\"shape\":[16],\"data_offsets\":[0,64]}"
        let files: [(String, [UInt8])] = [
            ("length beyond the file", Self.length(whole.count) + whole[8...]),
            ("length beyond 63 bits", [UInt8](repeating: 0xFF, count: 8) + whole[8...]),
            ("hole", Self.file(text, [UInt8](repeating: 0, count: 64) + data)),
            ("duplicate key", Self.file(text[..<closing] + Array(",\(name)\(entry)}".utf8), data)),
            ("not UTF-8", Self.file(text[..<closing] + [0xFF, UInt8(ascii: "}")], data)),
            (
                "deep nesting",
                Self.file(Array(String(repeating: "{\"a\":", count: 9999).utf8), data)
            ),
            ("misaligned data", Self.length(closing + 1) + text[...closing] + data),
        ]
        for (name, bytes) in files {
            var model = try DamagedModel(in: scratch)
            try model.replace("unet", bytes)
            try model.draw().expectRefusal(saying: "unet.safetensors", in: scratch, name)
        }
    }

    /// A file of this header, padded as the format asks for, and this data.
    private static func file(_ header: some Sequence<UInt8>, _ data: some Sequence<UInt8>)
        -> [UInt8]
    {
        let text = Array(header)
        let total = (8 + text.count + 4095) / 4096 * 4096
        let padding = [UInt8](repeating: UInt8(ascii: " "), count: total - 8 - text.count)
        return length(total - 8) + text + padding + data
    }

    private static func length(_ count: Int) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
    }
}

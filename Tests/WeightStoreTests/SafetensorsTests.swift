import Testing

@testable import WeightStore

/// The bytes of a file with this header text and `dataSize` bytes of data.
func safetensors(_ header: String, dataSize: Int = 0) -> [UInt8] {
    let text = Array(header.utf8)
    let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    return length + text + (0..<dataSize).map { UInt8(truncatingIfNeeded: $0) }
}

private func parse(_ bytes: [UInt8], fileSize: Int? = nil) throws -> SafetensorsHeader {
    try bytes.withUnsafeBytes { raw in
        try SafetensorsHeader.parse(bytes: raw, fileSize: fileSize ?? raw.count, path: "x")
    }
}

private func parse(_ header: String, dataSize: Int = 0) throws -> SafetensorsHeader {
    try parse(safetensors(header, dataSize: dataSize))
}

@Suite struct SafetensorsHeaderTests {
    @Test func emptyFileOfNoTensorsIsRead() throws {
        #expect(try parse("{}").tensors.isEmpty)
    }

    @Test func tensorsComeInTheOrderOfTheirBytes() throws {
        let header = try parse(
            #"{"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]},"#
                + #""a":{"dtype":"I8","shape":[2,2],"data_offsets":[0,4]}}  "#, dataSize: 12)
        #expect(header.tensors.map(\.name) == ["a", "b"])
        #expect(header.tensors[0].range.lowerBound == header.dataStart)
        #expect(header.tensors[1].range.count == 8)
        #expect(header.tensors[1].count == 2)
    }

    @Test func emptyTensorsAndScalarsAreRead() throws {
        let header = try parse(
            #"{"s":{"dtype":"F16","shape":[],"data_offsets":[0,2]},"#
                + #""e":{"dtype":"F32","shape":[0,5],"data_offsets":[2,2]},"#
                + #""t":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}"#, dataSize: 3)
        #expect(header.tensors.map(\.name) == ["s", "e", "t"])
        #expect(header.tensors.map(\.count) == [1, 0, 1])
    }

    @Test func metadataIsRead() throws {
        #expect(try parse(#"{"__metadata__":{"a":"1","b":"é"}}"#).metadata == ["a": "1", "b": "é"])
    }

    @Test func filesShorterThanALengthAreRefused() {
        for count in [0, 1, 7] {
            expectError("\(count) bytes long") {
                _ = try parse([UInt8](repeating: 1, count: count))
            }
        }
    }

    @Test func headerLongerThanTheFileIsRefused() {
        expectError("claims 100 bytes") { _ = try parse([100, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x7D]) }
    }

    @Test func headerLengthsBeyondTheLimitAreRefused() {
        expectError("claims 18446744073709551615 bytes") {
            _ = try parse([UInt8](repeating: 255, count: 64))
        }
        expectError("claims 100000001 bytes, more than") {
            _ = try parse([0x01, 0xE1, 0xF5, 0x05, 0, 0, 0, 0, 0x7B, 0x7D])
        }
    }

    @Test func headerThatDoesNotBeginWithABraceIsRefused() {
        expectError("does not begin with") { _ = try parse(" {}") }
        expectError("does not begin with") { _ = try parse([0, 0, 0, 0, 0, 0, 0, 0]) }
    }

    @Test func brokenJSONIsRefusedWithItsOffset() {
        expectError("at byte 4") { _ = try parse(#"{"a""#) }
    }

    @Test func trailingTextIsRefused() {
        expectError("unexpected text") { _ = try parse("{}x") }
    }

    @Test func duplicateTensorsAreRefused() {
        let tensor = #"{"dtype":"I8","shape":[1],"data_offsets":[0,1]}"#
        expectError("\"a\" is there twice") {
            _ = try parse("{\"a\":\(tensor),\"a\":\(tensor)}", dataSize: 1)
        }
    }

    @Test func namesThatDifferOnlyInNormalisationAreTwoTensors() throws {
        let header = try parse(
            "{\"e\u{301}\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                + "\"\u{e9}\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
            dataSize: 2)
        #expect(header.tensors.count == 2)
    }

    @Test func unknownTypesAreRefused() {
        expectError("tensor \"a\"", "F8_E4M3") {
            _ = try parse(#"{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}"#)
        }
    }

    @Test(arguments: [
        #"{"dtype":"F32","shape":[2],"data_offsets":[0,4]}"#,
        #"{"dtype":"F32","shape":[0],"data_offsets":[0,4]}"#,
        #"{"dtype":"I8","shape":[],"data_offsets":[0,4]}"#,
    ])
    func bytesThatDoNotFitTheShapeAreRefused(entry: String) {
        expectError("tensor \"a\"", "as many bytes") {
            _ = try parse("{\"a\":\(entry)}", dataSize: 4)
        }
    }

    @Test(arguments: [
        #"[4294967296,4294967296]"#, #"[9223372036854775807,2]"#,
        #"[4294967296,4294967296,0]"#,
    ])
    func overflowingShapesAreRefused(shape: String) {
        expectError("tensor \"a\"", "fits 64 bits") {
            _ = try parse("{\"a\":{\"dtype\":\"F32\",\"shape\":\(shape),\"data_offsets\":[0,0]}}")
        }
    }

    @Test func overflowingByteSizesAreRefused() {
        expectError("tensor \"a\"", "as many bytes") {
            _ = try parse(
                #"{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}}"#)
        }
    }

    @Test(arguments: ["[-1]", "[1.5]", "[1e3]", "[\"1\"]", "[9223372036854775808]", "{}", "null"])
    func shapesThatAreNoListOfSizesAreRefused(shape: String) {
        expectError("tensor \"a\"", "shape") {
            _ = try parse(
                "{\"a\":{\"dtype\":\"I8\",\"shape\":\(shape),\"data_offsets\":[0,1]}}", dataSize: 1)
        }
    }

    @Test(arguments: ["[1,0]", "[0]", "[0,1,2]", "[-1,0]", "[0,2]", "0", "[0,9223372036854775807]"])
    func offsetsThatAreNoRangeInTheDataAreRefused(offsets: String) {
        expectError("tensor \"a\"", "data_offsets") {
            _ = try parse(
                "{\"a\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":\(offsets)}}", dataSize: 1)
        }
    }

    @Test(arguments: ["dtype", "shape", "data_offsets"])
    func missingFieldsAreRefused(field: String) {
        let fields = [
            "dtype": "\"I8\"", "shape": "[1]", "data_offsets": "[0,1]",
        ].filter { $0.key != field }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
        expectError("tensor \"a\"", field) { _ = try parse("{\"a\":{\(fields)}}", dataSize: 1) }
    }

    @Test func nineDimensionsAreRefused() throws {
        func header(_ count: Int) -> String {
            let shape = [String](repeating: "1", count: count).joined(separator: ",")
            return "{\"a\":{\"dtype\":\"I8\",\"shape\":[\(shape)],\"data_offsets\":[0,1]}}"
        }
        #expect(try parse(header(8), dataSize: 1).tensors[0].shape.count == 8)
        expectError("at most 8 dimensions") { _ = try parse(header(9), dataSize: 1) }
    }

    @Test func namesBeyondTheLimitAreRefused() throws {
        func header(_ count: Int) -> String {
            let name = String(repeating: "n", count: count)
            return "{\"\(name)\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]}}"
        }
        #expect(try parse(header(1024), dataSize: 1).tensors.count == 1)
        expectError("at most 1024 bytes") { _ = try parse(header(1025), dataSize: 1) }
    }

    private func two(_ first: String, _ second: String) -> String {
        "{\"a\":{\"dtype\":\"I8\",\"shape\":[2],\"data_offsets\":\(first)},"
            + "\"b\":{\"dtype\":\"I8\",\"shape\":[2],\"data_offsets\":\(second)}}"
    }

    @Test func overlappingTensorsAreRefused() {
        expectError("tensor \"b\"", "overlap") { _ = try parse(two("[0,2]", "[1,3]"), dataSize: 3) }
        expectError("tensor \"b\"", "overlap") { _ = try parse(two("[0,2]", "[0,2]"), dataSize: 2) }
    }

    @Test func holesAreRefused() {
        expectError("tensor \"b\"", "hole") { _ = try parse(two("[0,2]", "[3,5]"), dataSize: 5) }
        expectError("tensor \"a\"", "hole") { _ = try parse(two("[1,3]", "[3,5]"), dataSize: 5) }
    }

    @Test func dataBehindTheLastTensorIsRefused() {
        expectError("tensors end at byte") { _ = try parse(two("[0,2]", "[2,4]"), dataSize: 5) }
        expectError("tensors end at byte") { _ = try parse("{}", dataSize: 1) }
    }

    @Test func truncatedDataIsRefused() {
        expectError("tensor \"b\"", "within the 3 bytes") {
            _ = try parse(two("[0,2]", "[2,4]"), dataSize: 3)
        }
    }

    @Test(arguments: ["[]", "{\"a\":1}", "{\"a\":{}}", "\"x\"", "null"])
    func metadataThatIsNotTextIsRefused(metadata: String) {
        expectError("__metadata__") { _ = try parse("{\"__metadata__\":\(metadata)}") }
    }

    @Test func metadataKeysThatSwiftTakesForOneAreRefused() {
        expectError("two spellings") {
            _ = try parse("{\"__metadata__\":{\"e\u{301}\":\"1\",\"\u{e9}\":\"2\"}}")
        }
    }

    @Test func tensorsThatAreNoObjectsAreRefused() {
        expectError("tensor \"a\"", "an object") { _ = try parse(#"{"a":[1]}"#) }
    }

    @Test func deepNestingIsRefused() {
        expectError("nested deeper") {
            _ = try parse("{\"a\":" + String(repeating: "[", count: 1_000_000))
        }
    }

    @Test func tensorsAreReadUpToTheLimit() throws {
        func header(_ count: Int) -> String {
            let entries = (0..<count).map { index in
                "\"\(index)\":{\"dtype\":\"I8\",\"shape\":[0],\"data_offsets\":[0,0]}"
            }
            return "{\"__metadata__\":{}," + entries.joined(separator: ",") + "}"
        }
        #expect(try parse(header(100_000)).tensors.count == 100_000)
        expectError("more than 100000 tensors") { _ = try parse(header(100_001)) }
    }
}

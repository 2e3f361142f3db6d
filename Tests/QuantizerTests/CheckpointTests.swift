import Quantizer
import Testing
import WeightStore

@Suite struct CheckpointTests {
    @Test func shardsReadAsOneFile() throws {
        let scratch = try Scratch()
        try writeShards(in: scratch, index: ["a": "1.safetensors", "b": "2.safetensors"])
        let source = try openCheckpoint(scratch.file("model.safetensors.index.json"))
        #expect(source.tensors.map(\.name) == ["a", "b"])
        #expect(source.files == [scratch.file("1.safetensors"), scratch.file("2.safetensors")])
        #expect(try source.read("a") == [1, 2])
        #expect(try source.read("b") == [3, 4, 5])
    }

    @Test(arguments: ["../1.safetensors", "/etc/passwd", ".hidden", "again.index.json"])
    func anIndexCannotLeaveItsFolder(file: String) throws {
        let scratch = try Scratch()
        try writeShards(in: scratch, index: ["a": .string(file)])
        expectError("\"a\"", "not in a file beside it") {
            _ = try openCheckpoint(scratch.file("model.safetensors.index.json"))
        }
    }

    @Test func aTensorThatItsShardLacksIsNamed() throws {
        let scratch = try Scratch()
        try writeShards(in: scratch, index: ["a": "2.safetensors"])
        expectError("2.safetensors", "\"a\"", "missing") {
            _ = try openCheckpoint(scratch.file("model.safetensors.index.json"))
        }
    }

    @Test func whatIsNoCheckpointIsSaidSo() throws {
        let scratch = try Scratch()
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n"
        for (content, message) in [
            ("", "empty file"), (pointer, "git lfs pull"), ("hello", "neither"),
            ("PK\u{3}\u{4} and no more", "zip"),
        ] {
            let path = try scratch.write("file", Array(content.utf8))
            expectError(path, message) { _ = try openCheckpoint(path) }
        }
        expectError(scratch.path, "regular file") { _ = try openCheckpoint(scratch.path) }
        expectError("nothing-here", "No such file") { _ = try openCheckpoint("nothing-here") }
    }

    @Test func aLyingSafetensorsHeaderIsRefused() throws {
        let header = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#
        let bytes = little(UInt64(header.utf8.count), 8) + Array(header.utf8) + [0, 0, 0, 0]
        expectError("lying", "\"a\"") {
            _ = try openCheckpoint(ByteSource(bytes: bytes, name: "lying"))
        }
        let endless = little(.max, 8) + Array("{".utf8)
        expectError("lying") { _ = try openCheckpoint(ByteSource(bytes: endless, name: "lying")) }
    }

    private func writeShards(in scratch: Scratch, index: JSONObject) throws {
        try writeSafetensors(
            [SafetensorsTensor(name: "a", shape: [2], floats: [1, 2])],
            to: scratch.file("1.safetensors"))
        try writeSafetensors(
            [SafetensorsTensor(name: "b", shape: [3], floats: [3, 4, 5])],
            to: scratch.file("2.safetensors"))
        let json: JSONObject = ["metadata": ["total_size": 20], "weight_map": .object(index)]
        try scratch.write("model.safetensors.index.json", json.serialized())
    }
}

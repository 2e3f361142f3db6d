import Quantizer
import Testing
import WeightStore

/// A torch file whose pickle is `pickle`, with one storage `0` of 16 float32.
func torchFile(_ pickle: [UInt8], method: UInt16 = 0) -> ByteSource {
    var zip = ZipWriter()
    zip.add("a/data.pkl", pickle, method: method)
    zip.add("a/data/0", [UInt8](repeating: 0, count: 64))
    return ByteSource(bytes: zip.finish(), name: "hostile")
}

/// Opcodes by name, as Python's pickletools has them.
private func text(_ value: String) -> [UInt8] {
    [UInt8(ascii: "X")] + little(UInt64(value.utf8.count), 4) + Array(value.utf8)
}

private func global(_ module: String, _ name: String) -> [UInt8] {
    Array("c\(module)\n\(name)\n".utf8)
}

private func integer(_ value: Int) -> [UInt8] {
    [UInt8(ascii: "J")] + little(UInt64(bitPattern: Int64(value)), 4)
}

private let proto: [UInt8] = [0x80, 2]
private let mark = UInt8(ascii: "(")
private let tuple = UInt8(ascii: "t")
private let stop = UInt8(ascii: ".")

/// `{"w": tensor}` over storage 0 with these numbers.
private func tensorPickle(
    count: Int = 16, offset: Int = 0, shape: [Int] = [4, 4], strides: [Int] = [4, 1]
) -> [UInt8] {
    var pickle = proto + [UInt8(ascii: "}")] + text("w")
    pickle += global("torch._utils", "_rebuild_tensor_v2") + [mark]
    pickle += [mark] + text("storage") + global("torch", "FloatStorage") + text("0") + text("cpu")
    pickle += integer(count) + [tuple, UInt8(ascii: "Q")] + integer(offset)
    pickle += [mark] + shape.flatMap(integer) + [tuple]
    pickle += [mark] + strides.flatMap(integer) + [tuple]
    return pickle + [tuple, UInt8(ascii: "R"), UInt8(ascii: "s"), stop]
}

@Suite struct PickleTests {
    @Test func theTensorOfTheseTestsReads() throws {
        let torch = try openCheckpoint(torchFile(tensorPickle()))
        #expect(torch.tensors == [CheckpointTensor(name: "w", type: .f32, shape: [4, 4])])
        #expect(try torch.read("w") == [Float](repeating: 0, count: 16))
    }

    @Test func aGlobalOutsideTheWhitelistIsNamed() {
        let call =
            proto + global("posix", "system") + text("true") + [0x85, UInt8(ascii: "R"), stop]
        expectError("hostile", "posix.system", "byte 2", "whitelist") {
            _ = try openCheckpoint(torchFile(call))
        }
        let stacked = proto + text("builtins") + text("eval") + [0x93, stop]
        expectError("builtins.eval", "whitelist") { _ = try openCheckpoint(torchFile(stacked)) }
    }

    /// INST, OBJ, NEWOBJ, NEWOBJ_EX, EXT1, PERSID, BYTEARRAY8, NEXT_BUFFER, and no opcode at all.
    @Test(arguments: [0x69, 0x6F, 0x81, 0x92, 0x82, 0x50, 0x96, 0x97, 0xFF] as [UInt8])
    func anOpcodeOutsideTheWhitelistIsNamed(opcode: UInt8) {
        expectError("0x" + String(opcode, radix: 16), "byte 3", "whitelist") {
            _ = try openCheckpoint(torchFile(proto + [UInt8(ascii: "N"), opcode, stop]))
        }
    }

    @Test func billionLaughsEndQuickly() {
        var laughs = proto + [UInt8(ascii: "]"), mark] + text("ha") + [UInt8(ascii: "e")]
        for level in 0..<40 {
            laughs += [UInt8(ascii: "q"), UInt8(level), UInt8(ascii: "]"), mark]
            for _ in 0..<10 { laughs += [UInt8(ascii: "h"), UInt8(level)] }
            laughs += [UInt8(ascii: "e")]
        }
        let clock = ContinuousClock()
        let time = clock.measure {
            expectError("unfold", "hostile") { _ = try openCheckpoint(torchFile(laughs + [stop])) }
        }
        #expect(time < .seconds(1))
    }

    @Test func copiesOfOneLongListEndQuickly() {
        var pickle = proto + [UInt8(ascii: "]"), UInt8(ascii: "q"), 0, mark]
        for _ in 0..<20_000 { pickle += [UInt8(ascii: "N"), UInt8(ascii: "N"), 0x86] }
        pickle += [UInt8(ascii: "e")]
        for _ in 0..<20_000 {
            pickle += global("collections", "OrderedDict")
            pickle += [UInt8(ascii: "h"), 0, 0x85, UInt8(ascii: "R")]
        }
        expectError("hostile", "copies") { _ = try openCheckpoint(torchFile(pickle + [stop])) }
    }

    @Test func nestingHasNoDepthThatCrashes() {
        var deep = proto + [UInt8](repeating: UInt8(ascii: "]"), count: 1_000_000)
        deep += [UInt8](repeating: UInt8(ascii: "a"), count: 999_999) + [stop]
        expectError("hostile", "no dictionary") { _ = try openCheckpoint(torchFile(deep)) }
    }

    @Test(arguments: ["N", "(", "}"])
    func aPickleOfNothingButOneOpcodeStaysSmall(opcode: Character) throws {
        let code = try #require(opcode.asciiValue)
        let pickle = proto + [UInt8](repeating: code, count: 3_000_000) + [stop]
        expectError("hostile", "values") { _ = try openCheckpoint(torchFile(pickle)) }
        let long = proto + [UInt8](repeating: code, count: 17 << 20) + [stop]
        expectError("hostile", "too long") { _ = try openCheckpoint(torchFile(long)) }
    }

    @Test func aListThatHoldsItselfIsHarmless() {
        let pickle = proto + [UInt8(ascii: "]"), UInt8(ascii: "q"), 0, UInt8(ascii: "h"), 0]
        expectError("no dictionary") {
            _ = try openCheckpoint(torchFile(pickle + [UInt8(ascii: "a"), stop]))
        }
    }

    @Test(arguments: [
        tensorPickle(offset: 1), tensorPickle(offset: -1), tensorPickle(shape: [5, 4]),
        tensorPickle(strides: [5, 1]), tensorPickle(strides: [-4, 1]),
        tensorPickle(shape: [-1, 4]), tensorPickle(shape: [4, 4, 2], strides: [0, 4, 1]),
        tensorPickle(shape: [.max >> 33, .max >> 33, 4], strides: [0, 0, 0]),
        tensorPickle(shape: [2, 2], strides: [.max >> 33, .max >> 33]),
    ])
    func aTensorOutsideOfItsStorageIsRefused(pickle: [UInt8]) {
        expectError("hostile", "outside of its storage") {
            _ = try openCheckpoint(torchFile(pickle))
        }
    }

    @Test func aStorageShorterThanPromisedIsAnError() throws {
        let torch = try openCheckpoint(torchFile(tensorPickle(count: 17)))
        expectError("a/data/0", "64 bytes", "17") { _ = try torch.read("w") }
    }

    @Test func aMissingStorageIsNamed() throws {
        var zip = ZipWriter()
        zip.add("a/data.pkl", tensorPickle())
        let torch = try openCheckpoint(ByteSource(bytes: zip.finish(), name: "hostile"))
        expectError("a/data/0", "missing") { _ = try torch.read("w") }
    }

    @Test func compressedEntriesAndDuplicatesAreRefused() {
        expectError("compressed") { _ = try openCheckpoint(torchFile(tensorPickle(), method: 8)) }
        var zip = ZipWriter()
        zip.add("a/data.pkl", tensorPickle())
        zip.add("a/data.pkl", tensorPickle())
        let twice = ByteSource(bytes: zip.finish(), name: "hostile")
        expectError("two entries", "a/data.pkl") { _ = try openCheckpoint(twice) }
    }

    @Test func bigEndianFilesAreRefused() {
        var zip = ZipWriter()
        zip.add("a/data.pkl", tensorPickle())
        zip.add("a/byteorder", Array("big".utf8))
        expectError("big-endian") {
            _ = try openCheckpoint(ByteSource(bytes: zip.finish(), name: "hostile"))
        }
    }
}

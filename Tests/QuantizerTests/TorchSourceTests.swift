import Quantizer
import Testing
import WeightStore

@Suite struct TorchSourceTests {
    @Test(arguments: ["views.pth", "views-legacy.pth"])
    func everyTypeAndStrideReadsAsTorchWroteIt(file: String) throws {
        let torch = try openCheckpoint(fixture(file))
        let expected = try openCheckpoint(fixture("views.safetensors"))
        #expect(torch.tensors.map(\.name).sorted() == expected.tensors.map(\.name).sorted())
        for tensor in expected.tensors {
            let found = try #require(torch.tensors.first { $0.name == tensor.name })
            #expect(found.shape == tensor.shape)
            #expect(try torch.read(tensor.name) == expected.read(tensor.name), "\(tensor.name)")
        }
    }

    @Test func averagedWeightsComeFirst() throws {
        let torch = try openCheckpoint(fixture("basicsr.pth"))
        let expected = try openCheckpoint(fixture("rrdb.safetensors"))
        #expect(torch.tensors.count == expected.tensors.count)
        #expect(try torch.read("conv_first.weight") == expected.read("conv_first.weight"))
    }

    @Test func pickleProtocolFourIsRead() throws {
        let torch = try openCheckpoint("\(testsFolder)/Fuzz/corpus/torch/protocol4.pth")
        #expect(try torch.read("w") == [-7.5, -6.5])
    }

    @Test func damagedNumbersAreFoundByTheirChecksum() throws {
        var bytes = try readFile(fixture("views.pth"))
        // The third of the numbers, −5.5, somewhere in the float32 storage.
        let pattern: [UInt8] = [0x00, 0x00, 0xB0, 0xC0]
        let at = try #require(
            bytes.indices.dropLast(4).first { Array(bytes[$0..<$0 + 4]) == pattern })
        bytes[at + 2] ^= 1
        let torch = try openCheckpoint(ByteSource(bytes: bytes, name: "flipped"))
        expectError("flipped", "checksum", "data/") { _ = try torch.read("whole") }
    }

    @Test(arguments: ["views.pth", "views-legacy.pth"])
    func everyTruncationIsAnError(file: String) throws {
        let bytes = try readFile(fixture(file))
        for count in 0..<bytes.count {
            expectError("cut") {
                let source = ByteSource(bytes: Array(bytes[..<count]), name: "cut")
                let torch = try openCheckpoint(source)
                for tensor in torch.tensors { _ = try torch.read(tensor.name) }
            }
        }
    }

    /// One bit of every byte; the fuzzer tries the others.
    @Test(arguments: ["views.pth", "views-legacy.pth"])
    func noFlippedBitCrashesTheReader(file: String) throws {
        let bytes = try readFile(fixture(file))
        for at in bytes.indices {
            var flipped = bytes
            flipped[at] ^= 1 << (at % 8)
            do throws(QuantizerError) {
                let torch = try openCheckpoint(ByteSource(bytes: flipped, name: "flipped"))
                for tensor in torch.tensors {
                    let numbers = try torch.read(tensor.name)
                    #expect(numbers.count == tensor.shape.reduce(1, *))
                }
            } catch {
                #expect(error.description.hasPrefix("flipped"), "byte \(at)")
            }
        }
    }
}

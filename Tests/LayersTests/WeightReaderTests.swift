import Layers
import Tensors
import Testing

/// Weights that do not fit are refused by name.
@Suite struct WeightReaderTests {
    private func reader(_ form: TinyWeights.Form = .f32) throws -> WeightReader {
        var weights = TinyWeights(form, seed: 1)
        weights.addMatrix("conv", outputs: 8, channels: 4, kernel: 3)
        weights.addMatrix("linear", outputs: 6, channels: 4)
        weights.addTable("table", rows: 6, channels: 5)
        return try weights.reader()
    }

    @Test(arguments: TinyWeights.Form.allCases)
    func everyFormOfAMatrixIsRead(_ form: TinyWeights.Form) throws {
        let reader = try reader(form)
        let matrix = try reader.matrix("conv.weight", outputs: 8, channels: 4, kernel: 3)
        #expect(matrix.outputs == 8 && matrix.channels == 4 && matrix.kernel == 3)
        #expect(matrix.multiplyAddsPerRow == 288)
    }

    @Test func anotherShapeIsRefused() throws {
        let reader = try reader()
        let wrong = [(9, 4, 3), (8, 5, 3), (8, 4, 1), (4, 8, 3)]
        for (outputs, channels, kernel) in wrong {
            expectRefusal(naming: "conv.weight", "[8, 4, 3, 3]") {
                _ = try reader.matrix(
                    "conv.weight", outputs: outputs, channels: channels, kernel: kernel)
            }
        }
        expectRefusal(naming: "conv.bias", "[8]", "F32 [7]") {
            _ = try reader.vector("conv.bias", count: 7)
        }
        expectRefusal(naming: "table", "[6, 5]", "[5, 6]") {
            _ = try reader.table("table", rows: 5, channels: 6)
        }
    }

    @Test func anotherFormIsRefused() throws {
        let reader = try reader(.int8)
        expectRefusal(naming: "conv.weight", "I8") {
            _ = try reader.vector("conv.weight", count: 8)
        }
        expectRefusal(naming: "table", "panels", "F16") {
            _ = try reader.matrix("table", outputs: 6, channels: 5)
        }
        expectRefusal(naming: "linear.weight", "rows", "I8") {
            _ = try reader.table("linear.weight", rows: 6, channels: 4)
        }
    }

    @Test func aMissingTensorIsNamed() throws {
        let reader = try reader()
        expectRefusal(naming: "other.weight") {
            _ = try Linear("other", channels: 4, outputs: 6, from: reader)
        }
        #expect((try reader.optionalVector("other.bias", count: 6)) == nil)
        #expect((try reader.optionalVector("linear.bias", count: 6))?.count == 6)
    }

    @Test func tensorsThatNobodyAskedForAreNamed() throws {
        let reader = try reader(.int8)
        _ = try Convolution(
            "conv", channels: 4, outputs: 8, window: .same(kernel: 3), from: reader)
        _ = try Linear("linear", channels: 4, outputs: 6, from: reader)
        expectRefusal(naming: "table", "1 tensor") { try reader.finish() }
        _ = try reader.table("table", rows: 6, channels: 5)
        try reader.finish()
    }

    @Test(arguments: [TinyWeights.Form.f32, .f16])
    func anEmbeddingIsTheRowOfItsID(_ form: TinyWeights.Form) throws {
        var weights = TinyWeights(form, seed: 2)
        weights.addTable("table", rows: 6, channels: 5)
        let table = try weights.reader().table("table", rows: 6, channels: 5)
        let found = table([[5, 0, 3], [0, 0, 1]], on: try Arithmetic.f32.executor())
        let rows = weights.floats("table")
        #expect(found.shape == Shape(images: 2, tokens: 3, channels: 5))
        let wanted = [5, 0, 3, 0, 0, 1].flatMap { (id: Int) in Array(rows[id * 5..<id * 5 + 5]) }
        #expect(found.values == wanted)
    }

    private func expectRefusal(naming parts: String..., from body: () throws -> Void) {
        do {
            try body()
            Issue.record("nothing was refused")
        } catch {
            for part in parts { #expect("\(error)".contains(part), "\(error)") }
        }
    }
}

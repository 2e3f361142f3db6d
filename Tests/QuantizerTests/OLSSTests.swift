import Testing
import WeightStore

@testable import Quantizer

/// Tables of OLSS as torch saves them.
@Suite struct OLSSTests {
    @Test func aTorchTupleBecomesATable() throws {
        let table = try OLSSFile(fixture("olss.bin")).table()
        #expect(table["timesteps"] == [801, 401, 1])
        #expect(table["wx"] == [0.5, 0.25, 0.125])
        #expect(table["we"] == [[1.0], [4.0, 5.0], [7.0, 8.0, 9.0]])
    }

    @Test func otherFilesAreRefused() {
        expectError("timesteps") { _ = try OLSSFile(fixture("embedding.pt")).table() }
    }

    @Test func onlyModelsThatDrawHaveThem() throws {
        var conversion = try Conversion.open(
            fixture("embedding.pt"), recipe: QuantizationRecipe(type: .f32))
        expectError("--olss") { try conversion.addOLSS([fixture("olss.bin")]) }
    }
}

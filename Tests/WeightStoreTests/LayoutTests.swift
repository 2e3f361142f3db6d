import Testing

@testable import WeightStore

@Suite struct LayoutTests {
    @Test(arguments: [
        (Layout.plain, DataType.f32, [16], [16]),
        (.plain, .f16, [3, 32], [3, 32]),
        (.plain, .i8, [64], [64]),
        (.padded, .f32, [1], [16]),
        (.padded, .f32, [17], [32]),
        (.padded, .f16, [33], [64]),
        (.padded, .f32, [3, 5], [16]),
        (.padded, .i8, [2, 2, 3, 3], [64]),
        (.panel16, .f32, [1, 1], [1, 1, 16]),
        (.panel16, .f32, [16, 4], [1, 4, 16]),
        (.panel16, .f32, [17, 5, 3, 3], [2, 45, 16]),
        (.panel16, .f16, [17, 5, 3, 3], [2, 46, 16]),
        (.panel16, .f16, [320, 768], [20, 768, 16]),
        (.panel4x8, .i8, [1, 1], [1, 2, 8, 4]),
        (.panel4x8, .i8, [8, 8], [1, 2, 8, 4]),
        (.panel4x8, .i8, [9, 9], [2, 4, 8, 4]),
        (.panel4x8, .i8, [320, 4, 3, 3], [40, 10, 8, 4]),
        (.panel4x8, .i8, [4, 5, 3, 3], [1, 18, 8, 4]),
        (.panel4x8, .i8, [5, 3, 3, 3], [1, 10, 8, 4]),
    ])
    func storedShapesAreAsTheFormatSays(
        layout: Layout, type: DataType, shape: [Int], stored: [Int]
    ) throws {
        #expect(try layout.storedShape(type: type, shape: shape) == stored)
        let size = try layout.storedByteCount(type: type, shape: shape)
        #expect(size == stored.reduce(type.size, *))
        #expect(size % 64 == 0)
    }

    @Test(arguments: [
        (Layout.plain, DataType.f32, [15]),
        (.plain, .f32, [-16]),
        (.plain, .f32, [.max, 16]),
        (.padded, .f32, [-1]),
        (.padded, .i8, [.max]),
        (.padded, .f32, [.max / 4 + 1]),
        (.panel16, .i8, [16, 4]),
        (.panel16, .bf16, [16, 4]),
        (.panel16, .f32, [16]),
        (.panel16, .f32, [16, 4, 3]),
        (.panel16, .f32, [16, 0]),
        (.panel16, .f32, [0, 4]),
        (.panel16, .f32, [16, 4, 0, 3]),
        (.panel16, .f32, [.max, 1]),
        (.panel16, .f32, [16, .max]),
        (.panel16, .f16, [1, .max, 1, 1]),
        (.panel4x8, .f32, [16, 4]),
        (.panel4x8, .i8, [16, 4, 3, 3, 3]),
        (.panel4x8, .i8, [1 << 31, 1 << 31, 3, 3]),
        (.panel4x8, .i8, [8, .max]),
        (.panel4x8, .i8, [-8, -8]),
    ])
    func shapesThatTheLayoutCannotHoldAreRefused(layout: Layout, type: DataType, shape: [Int]) {
        expectError("f: tensor \"x\": expected", "found \(type.rawValue) \(shape)") {
            _ = try layout.storedShape(type: type, shape: shape, tensor: "x", path: "f")
        }
        expectError("tensor \"x\": expected") {
            _ = try layout.storedByteCount(type: type, shape: shape, tensor: "x")
        }
    }

    @Test func tablesArePaddedOnlyWhereNeeded() {
        #expect(Layout.ofTable(type: .f32, shape: [16]) == .plain)
        #expect(Layout.ofTable(type: .f32, shape: [15]) == .padded)
        #expect(Layout.ofTable(type: .f16, shape: [21128, 32]) == .plain)
        #expect(Layout.ofTable(type: .f32, shape: [.max, .max]) == .padded)
    }

    @Test func panelMeasuresAreAsTheFormatSays() throws {
        let panel = try #require(PanelShape(type: .i8, shape: [9, 5, 3, 3]))
        #expect(panel.n == 9)
        #expect(panel.c == 5)
        #expect(panel.taps == 9)
        #expect(panel.channels == 8)
        #expect(panel.k == 72)
        #expect(panel.depth == 72)
        #expect(panel.width == 8)
        #expect(panel.count == 2)
        #expect(PanelShape(type: .f16, shape: [9, 5, 3, 3])?.depth == 46)
        #expect(PanelShape(type: .f32, shape: [9, 5, 3, 3])?.depth == 45)
        #expect(PanelShape(type: .i32, shape: [9, 5]) == nil)
    }

    @Test func layoutEntriesRoundTrip() throws {
        let parsed = try #require(parseLayout("panel16 320x4x3x3"))
        #expect(parsed == (.panel16, [320, 4, 3, 3]))
        #expect(shapeText(parsed.shape) == "320x4x3x3")
    }

    @Test(arguments: [
        "", "panel16", "panel16 ", "panel16  4", "panel16 4x", "panel16 x4", "panel16 -4",
        "plain 4",
        "panel16 +4", "panel16 04", "panel8 4", "panel16 4 4", "Panel16 4", "panel16 4X4",
        "panel16 9223372036854775808", "panel16 1x1x1x1x1x1x1x1x1",
    ])
    func brokenLayoutEntriesAreRefused(text: String) {
        #expect(parseLayout(text) == nil)
    }
}

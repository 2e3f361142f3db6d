import Testing

import Pictures

struct PictureTests {
    @Test func floatsRoundHalfToEvenAndClamp() {
        // numpy's (images * 255).round().astype("uint8") on the clamped values; the first three are
        // exact ties in float32 after the product.
        let values: [Float] = [0.5 / 255, 1.5 / 255, 2.5 / 255, 0.5, -1, 2, 1, .nan, -.infinity]
        let picture = Picture(
            floats: values.span, order: .interleaved, width: 3, height: 1, channels: 3)
        #expect(picture.pixels == [0, 2, 2, 128, 0, 255, 255, 0, 0])
    }

    @Test func planesAreInterleaved() {
        let values: [Float] = [0, 1, 0.2, 0.4, 0.6, 0.8]
        let picture = Picture(floats: values.span, order: .planar, width: 2, height: 1, channels: 3)
        #expect(picture.pixels == [0, 51, 153, 255, 102, 204])
        #expect(picture.floats(order: .planar) == values)
    }

    @Test(arguments: [PixelOrder.interleaved, .planar])
    func everyByteSurvivesTheWayThroughFloats(order: PixelOrder) {
        let pixels = (0..<256 * 3).map { UInt8($0 % 256) }
        let picture = Picture(width: 16, height: 16, channels: 3, pixels: pixels)
        let floats = picture.floats(order: order)
        let back = Picture(floats: floats.span, order: order, width: 16, height: 16, channels: 3)
        #expect(back == picture)
    }

    @Test func alphaIsMixedWithTheGround() {
        let picture = Picture(
            width: 3, height: 1, channels: 4, pixels: [9, 8, 7, 0, 9, 8, 7, 255, 200, 100, 0, 51])
        #expect(picture.composited().pixels == [255, 255, 255, 9, 8, 7, 244, 224, 204])
        #expect(
            picture.composited(over: (0, 10, 20)).pixels == [0, 10, 20, 9, 8, 7, 40, 28, 16])
    }

    @Test func grayIsSpread() {
        let gray = Picture(width: 2, height: 1, channels: 1, pixels: [3, 250])
        #expect(gray.composited().pixels == [3, 3, 3, 250, 250, 250])
    }
}

import Pictures
import Testing

@Suite struct ResizeTests {
    /// Numbers from Pillow 12: `Image.fromarray(a).resize((w, h), Image.LANCZOS)`, the first 24 bytes.
    @Test(arguments: [
        (
            5, 4,
            [
                112, 154, 120, 134, 133, 104, 152, 89, 108, 85, 127, 124, 133, 126, 154, 104, 116,
                143, 105, 159, 99, 157, 127, 134,
            ]
        ),
        (
            20, 17,
            [
                0, 0, 73, 63, 137, 58, 183, 235, 90, 194, 67, 185, 121, 124, 230, 54, 248, 155, 58,
                85, 14, 201, 118, 95,
            ]
        ),
        (
            13, 3,
            [
                97, 78, 179, 83, 216, 84, 157, 127, 115, 139, 152, 120, 95, 97, 57, 161, 192, 141,
                130, 16, 113, 179, 115, 106,
            ]
        ),
    ])
    func matchesPillow(width: Int, height: Int, expected: [Int]) {
        let pixels = (0..<13 * 9 * 3).map { UInt8(truncatingIfNeeded: $0 * $0 * 7 + $0 * 31) }
        let picture = Picture(width: 13, height: 9, channels: 3, pixels: pixels)
        let resized = picture.resized(width: width, height: height)
        #expect(resized.width == width && resized.height == height)
        for (found, expected) in zip(resized.pixels, expected) {
            #expect(abs(Int(found) - expected) <= 1)
        }
        #expect(picture.resized(width: 13, height: 9) == picture)
    }

    @Test(arguments: [1, 4, 5, 6, 31]) func plainStaysPlain(side: Int) {
        let plain = Picture(
            width: 7, height: 5, channels: 1, pixels: Array(repeating: 200, count: 35))
        let resized = plain.resized(width: side, height: side)
        #expect(resized.pixels == Array(repeating: 200, count: side * side))
    }
}

import Pictures
import Testing

struct JPEGOrientationTests {
    /// 123
    /// 456
    private let picture = Picture(width: 3, height: 2, channels: 1, pixels: [1, 2, 3, 4, 5, 6])

    /// What Pillow's `ImageOps.exif_transpose` makes of it.
    @Test(arguments: [
        (1, [1, 2, 3, 4, 5, 6]), (2, [3, 2, 1, 6, 5, 4]), (3, [6, 5, 4, 3, 2, 1]),
        (4, [4, 5, 6, 1, 2, 3]), (5, [1, 4, 2, 5, 3, 6]), (6, [4, 1, 5, 2, 6, 3]),
        (7, [6, 3, 5, 2, 4, 1]), (8, [3, 6, 2, 5, 1, 4]),
    ])
    func picturesTurn(orientation: Int, pixels: [UInt8]) {
        let turned = picture.turned(orientation)
        #expect(turned.width == (orientation < 5 ? 3 : 2))
        #expect(turned.height == (orientation < 5 ? 2 : 3))
        #expect(turned.pixels == pixels)
    }

    @Test func channelsStayTogether() {
        let colours = Picture(width: 2, height: 1, channels: 3, pixels: [1, 2, 3, 4, 5, 6])
        #expect(colours.turned(2).pixels == [4, 5, 6, 1, 2, 3])
        #expect(colours.turned(8).pixels == [4, 5, 6, 1, 2, 3])
    }

    @Test func orientationIsReadInBothByteOrders() {
        for value in 1...8 {
            let big = bigEndianEXIF(value: UInt8(value))
            #expect(exifOrientation(of: jpeg([(0xE1, big)])) == value)
            let little =
                Array("Exif\0\0II*\0".utf8) + [8, 0, 0, 0, 1, 0]
                + [0x12, 1, 3, 0, 1, 0, 0, 0, UInt8(value), 0, 0, 0]
            #expect(exifOrientation(of: jpeg([(0xE1, little)])) == value)
        }
    }

    @Test func otherSegmentsAndFillBytesAreSteppedOver() {
        let exif = bigEndianEXIF(value: 6)
        let file = jpeg([
            (0xE0, Array("JFIF\0".utf8)), (0xE1, Array("http://x".utf8)), (0xE1, exif),
        ])
        #expect(exifOrientation(of: file) == 6)
        #expect(exifOrientation(of: [0xFF, 0xD8, 0xFF, 0xFF] + file.dropFirst(2)) == 6)
    }

    @Test func whatMakesNoSenseTurnsNothing() {
        let exif = bigEndianEXIF(value: 6)
        #expect(exifOrientation(of: []) == 1)
        #expect(exifOrientation(of: jpeg([])) == 1)
        #expect(exifOrientation(of: jpeg([(0xDA, []), (0xE1, exif)])) == 1)
        // The byte order's mark, the directory's place, entries, tag, type, count and value.
        let changes: [(Int, UInt8)] = [
            (6, 0x4E), (10, 0xFF), (12, 0xFF), (15, 0), (17, 0), (19, 4), (23, 2), (25, 0), (25, 9),
        ]
        for (place, byte) in changes {
            var damaged = exif
            damaged[place] = byte
            #expect(exifOrientation(of: jpeg([(0xE1, damaged)])) == 1, "byte \(place)")
        }
        for count in 0..<24 {
            #expect(exifOrientation(of: jpeg([(0xE1, Array(exif[..<count]))])) == 1)
        }
        let whole = jpeg([(0xE1, exif)])
        for count in 0..<whole.count - 2 {
            #expect(exifOrientation(of: Array(whole[..<count])) == 1)
        }
    }

    private func bigEndianEXIF(value: UInt8) -> [UInt8] {
        Array("Exif\0\0MM\0*".utf8) + [0, 0, 0, 8, 0, 1] + [
            1, 0x12, 0, 3, 0, 0, 0, 1, 0, value, 0, 0,
        ]
    }

    /// The markers of a JPEG that has no picture.
    private func jpeg(_ segments: [(marker: UInt8, content: [UInt8])]) -> [UInt8] {
        let body = segments.flatMap { segment in
            let length = segment.content.count + 2
            return [0xFF, segment.marker, UInt8(length >> 8), UInt8(length & 255)] + segment.content
        }
        return [0xFF, 0xD8] + body + [0xFF, 0xD9]
    }
}

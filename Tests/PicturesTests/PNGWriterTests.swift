import Testing

import Pictures

struct PNGWriterTests {
    @Test(arguments: [1, 3, 4], [(1, 1), (9, 7), (64, 1), (1, 65), (131, 17)])
    func whatIsWrittenIsRead(channels: Int, size: (Int, Int)) throws {
        let picture = ramp(width: size.0, height: size.1, channels: channels)
        let decoded = try decodePNG(encodePNG(picture)).picture
        #expect(decoded == (channels == 1 ? picture.composited() : picture))
    }

    @Test func samePictureSameBytes() throws {
        let picture = ramp(width: 33, height: 21, channels: 3)
        let texts = [(key: "parameters", value: "a")]
        #expect(try encodePNG(picture, texts: texts) == encodePNG(picture, texts: texts))
    }

    @Test func latinTextIsTEXtAndOtherTextITXt() throws {
        let texts = [("parameters", "café\nSteps: 1"), ("parameters", "熊猫，😀")]
        let file = try encodePNG(
            ramp(width: 2, height: 2, channels: 3), texts: texts.map { (key: $0, value: $1) })
        let chunks = Chunks(of: file)
        #expect(chunks.list.map(\.type) == ["IHDR", "tEXt", "iTXt", "IDAT", "IEND"])
        #expect(
            chunks.list[1].data == Array("parameters\0caf".utf8) + [0xE9] + Array("\nSteps: 1".utf8)
        )
        #expect(chunks.list[2].data == Array("parameters\0\0\0\0\0熊猫，😀".utf8))
        let read = try decodePNG(file).texts
        #expect(read.map(\.key) == texts.map(\.0) && read.map(\.value) == texts.map(\.1))
    }

    @Test func longTextSurvives() throws {
        let prompt = String(repeating: "水墨山水, ", count: 100_000)
        let file = try encodePNG(
            ramp(width: 2, height: 2, channels: 3), texts: [(key: "parameters", value: prompt)])
        #expect(try decodePNG(file).text("parameters") == prompt)
    }

    @Test(arguments: ["", " a", "a ", "a  b", "砚", "a\n", String(repeating: "k", count: 80)])
    func badKeysAreRefused(key: String) {
        #expect(throws: PictureError.badTextKey(key)) {
            try encodePNG(
                ramp(width: 1, height: 1, channels: 3), texts: [(key: key, value: "v")])
        }
    }

    @Test func nulInATextIsRefused() {
        #expect(throws: PictureError.badTextValue(key: "k")) {
            try encodePNG(
                ramp(width: 1, height: 1, channels: 3), texts: [(key: "k", value: "a\0b")])
        }
    }

    @Test func tooLongSidesAreRefused() {
        #expect(throws: PictureError.self) {
            try encodePNG(ramp(width: 32769, height: 1, channels: 1))
        }
    }

    private func ramp(width: Int, height: Int, channels: Int) -> Picture {
        let pixels = (0..<width * height * channels).map {
            UInt8(truncatingIfNeeded: $0 &* 37 >> 1)
        }
        return Picture(width: width, height: height, channels: channels, pixels: pixels)
    }
}

import Testing

import Pictures

struct PNGReaderTests {
    @Test func everyKindReadsAsOtherLibrariesReadIt() throws {
        let cases = try ExpectedPixels.all()
        #expect(cases.count == 14)
        for (name, expected) in cases {
            let picture = try decodePNG(fixture("\(name).png")).picture
            #expect(picture.width == 9 && picture.height == 7, "\(name)")
            #expect(picture.channels == expected.channels, "\(name)")
            #expect(picture.pixels == expected.pixels, "\(name)")
        }
    }

    @Test func textsOfAllThreeFormsAreRead() throws {
        let texts = try decodePNG(fixture("texts.png")).texts
        #expect(texts.map(\.key) == ["parameters", "Latin", "Packed", "Title"])
        #expect(texts[0].value == "熊猫，蓝色背景\nSteps: 25")
        #expect(texts[1].value == "café")
        #expect(texts[2].value == String(repeating: "café ", count: 100))
        #expect(texts[3].value == String(repeating: "砚 ", count: 100))
    }

    @Test func textAfterThePixelsIsRead() throws {
        var chunks = Chunks(of: try fixture("texts.png"))
        let text = chunks.list.remove(at: chunks.index(of: "tEXt"))
        chunks.list.insert(text, at: chunks.index(of: "IEND"))
        #expect(try decodePNG(chunks.file).text("Latin") == "café")
    }

    @Test func emptyFileIsNamed() {
        #expect(throws: PictureError.empty) { try decodePNG([]) }
    }

    @Test func otherFormatsAreNamed() {
        #expect(throws: PictureError.notPNG(kind: "a JPEG")) {
            try decodePNG([0xFF, 0xD8, 0xFF, 0xE0])
        }
        #expect(throws: PictureError.notPNG(kind: "a WebP")) {
            try decodePNG(Array("RIFF0000WEBPVP8 ".utf8))
        }
        #expect(throws: PictureError.notPNG(kind: nil)) { try decodePNG([0x89, 0x50, 0x4E]) }
    }

    @Test func everyTruncationFails() throws {
        for name in ["texts.png", "rgba16-interlaced.png", "palette4-transparent.png"] {
            let file = try fixture(name)
            for count in 8..<file.count {
                #expect(throws: PictureError.unreadable(reason: "the file ends early")) {
                    try decodePNG(Array(file[..<count]))
                }
            }
        }
    }

    @Test func everyFlippedBitIsNoticed() throws {
        let file = try fixture("palette4-transparent.png")
        for index in 8 * 8..<file.count * 8 {
            var damaged = file
            damaged[index / 8] ^= 1 << (index % 8)
            #expect(throws: PictureError.self, "bit \(index)") { try decodePNG(damaged) }
        }
    }

    @Test func wrongChecksumIsNamed() throws {
        var file = try fixture("rgb8.png")
        file[29] ^= 1
        #expect(throws: PictureError.unreadable(reason: "IHDR: CRC error")) { try decodePNG(file) }
    }

    @Test(arguments: [(32769, 1), (1, 32769), (0x7FFF_FFFF, 0x7FFF_FFFF), (20000, 20000)])
    func hugeSidesAreRefused(width: Int, height: Int) throws {
        let file = try claiming(width: width, height: height)
        let reason =
            "\(width)x\(height) pixels are too many: "
            + "at most 32768 a side and 268435456 in all are read"
        #expect(throws: PictureError.unreadable(reason: reason)) { try decodePNG(file) }
    }

    @Test func claimsThatTheBytesCannotHoldAreRefused() throws {
        let file = try claiming(width: 16000, height: 16000)
        let reason = "\(file.count) bytes cannot hold the 16000x16000 pixels they claim"
        #expect(throws: PictureError.unreadable(reason: reason)) { try decodePNG(file) }
    }

    @Test func theCallersLimitHolds() throws {
        let file = try fixture("rgb8.png")
        #expect(try decodePNG(file, maximumPixels: 63).picture.height == 7)
        #expect(throws: PictureError.self) { try decodePNG(file, maximumPixels: 62) }
    }

    @Test func zeroSidesAreRefused() throws {
        #expect(throws: PictureError.self) { try decodePNG(claiming(width: 0, height: 7)) }
    }

    @Test func textThatUnpacksToMuchIsLeftOutWhenTheBudgetIsSpent() throws {
        var chunks = Chunks(of: try fixture("text-bomb.png"))
        let bomb = chunks.list[chunks.index(of: "zTXt")]
        chunks.list.insert(contentsOf: repeatElement(bomb, count: 12), at: 1)
        let decoded = try decodePNG(chunks.file)
        #expect((1...9).contains(decoded.texts.count))
        #expect(decoded.texts.allSatisfy { $0.value.utf8.count == 7_000_000 })
    }

    @Test func manyTextsAreCutOff() throws {
        var chunks = Chunks(of: try fixture("rgb8.png"))
        let text: (type: String, data: [UInt8]) = ("tEXt", Array("k\0v".utf8))
        chunks.list.insert(contentsOf: repeatElement(text, count: 1000), at: 1)
        #expect((100...256).contains(try decodePNG(chunks.file).texts.count))
    }

    @Test func brokenUTF8IsRepaired() throws {
        var chunks = Chunks(of: try fixture("rgb8.png"))
        chunks.list.insert(("iTXt", Array("k\0\0\0\0\0a".utf8) + [0xFF]), at: 1)
        #expect(try decodePNG(chunks.file).text("k") == "a\u{FFFD}")
    }

    @Test func unknownCriticalChunkIsRefused() throws {
        var chunks = Chunks(of: try fixture("rgb8.png"))
        chunks.list.insert(("ABCD", []), at: 1)
        #expect(throws: PictureError.self) { try decodePNG(chunks.file) }
    }

    private func claiming(width: Int, height: Int) throws -> [UInt8] {
        var chunks = Chunks(of: try fixture("rgb8.png"))
        chunks.list[0].data.replaceSubrange(
            0..<8, with: bigEndian(UInt32(width)) + bigEndian(UInt32(height)))
        return chunks.file
    }
}

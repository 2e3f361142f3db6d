#if JPEG
    import Pictures
    import Testing

    struct JPEGReaderTests {
        /// Two levels: other versions of the library may convert colours otherwise.
        @Test func everyKindReadsAsPillowReadsIt() throws {
            let cases = try ExpectedPixels.all(in: "jpeg")
            #expect(cases.count == 9)
            for (name, expected) in cases {
                let picture = try decodePicture(fixture("\(name).jpg", in: "jpeg")).picture
                try #require(picture.width == 19 && picture.height == 13, "\(name)")
                try #require(picture.channels == 3, "\(name)")
                let worst = zip(picture.pixels, expected.pixels).map { abs(Int($0) - Int($1)) }
                    .max()
                #expect(try #require(worst) <= 2, "\(name)")
            }
        }

        @Test(arguments: 1...8) func picturesAreTurnedAsTheirEXIFSays(orientation: Int) throws {
            var file = try fixture("rgb444.jpg", in: "jpeg")
            let upright = try decodePicture(file).picture
            let value = try #require(place(of: [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0], in: file)) + 9
            try #require(file[value] == 1)
            file[value] = UInt8(orientation)
            let turned = try decodePicture(file).picture
            #expect(turned.width == (orientation < 5 ? 19 : 13))
            #expect(turned == upright.turned(orientation))
        }

        @Test(arguments: ["rgb420", "rgb422-restarts", "progressive", "cmyk"])
        func everyTruncationFails(name: String) throws {
            let file = try fixture("\(name).jpg", in: "jpeg")
            for count in 3..<file.count {
                #expect(throws: PictureError.unreadableJPEG(reason: "the file ends early")) {
                    try decodePicture(Array(file[..<count]))
                }
            }
        }

        @Test(arguments: ["rgb422-restarts", "progressive", "ycck"])
        func damageIsRefusedOrDecoded(name: String) throws {
            let file = try fixture("\(name).jpg", in: "jpeg")
            var refused = 0
            for bit in 3 * 8..<file.count * 8 {
                var damaged = file
                damaged[bit / 8] ^= 1 << (bit % 8)
                do {
                    _ = try decodePicture(damaged, maximumPixels: 1 << 16)
                } catch {
                    #expect(!error.description.isEmpty)
                    refused += 1
                }
            }
            #expect(refused > file.count)
        }

        @Test func lostDataAreRefusedNotPaintedGray() throws {
            let file = try fixture("rgb422-restarts.jpg", in: "jpeg")
            let second = try #require(place(of: [0xFF, 0xD1], in: file))
            let third = try #require(place(of: [0xFF, 0xD2], in: file))
            #expect(throws: PictureError.self) {
                try decodePicture(Array(file[..<second] + file[third...]))
            }
        }

        @Test(arguments: [(32769, 1), (1, 32769), (65500, 65500), (20000, 20000)])
        func hugeSidesAreRefused(width: Int, height: Int) throws {
            let file = try claiming(width: width, height: height)
            let reason =
                "\(width)x\(height) pixels are too many: "
                + "at most 32768 a side and 268435456 in all are read"
            #expect(throws: PictureError.unreadableJPEG(reason: reason)) { try decodePicture(file) }
        }

        @Test func claimsThatTheBytesCannotHoldAreRefused() throws {
            let file = try claiming(width: 16000, height: 16000)
            let reason = "\(file.count) bytes cannot hold the 16000x16000 pixels they claim"
            #expect(throws: PictureError.unreadableJPEG(reason: reason)) { try decodePicture(file) }
        }

        @Test func theCallersLimitHolds() throws {
            let file = try fixture("gray.jpg", in: "jpeg")
            #expect(try decodePicture(file, maximumPixels: 19 * 13).picture.height == 13)
            #expect(throws: PictureError.self) {
                try decodePicture(file, maximumPixels: 19 * 13 - 1)
            }
        }

        @Test func arithmeticCodingIsRefused() throws {
            var file = try fixture("rgb420.jpg", in: "jpeg")
            file[try frame(of: file) + 1] = 0xC9
            let reason = "its arithmetic coding is not read; save it with Huffman coding"
            #expect(throws: PictureError.unreadableJPEG(reason: reason)) { try decodePicture(file) }
        }

        @Test func scansWithoutEndAreRefused() throws {
            let file = try fixture("gray-progressive.jpg", in: "jpeg")
            let scan = try #require(place(of: [0xFF, 0xDA], in: file))
            let data = scan + 10
            let end = try #require(
                (data..<file.count - 1).first { file[$0] == 0xFF && file[$0 + 1] != 0 })
            let scans = Array(repeating: Array(file[scan..<end]), count: 101).flatMap { $0 }
            #expect(throws: PictureError.unreadableJPEG(reason: "it has more than 100 scans")) {
                try decodePicture(file[..<scan] + scans + file[end...])
            }
        }

        /// A picture whose header claims these sides.
        private func claiming(width: Int, height: Int) throws -> [UInt8] {
            var file = try fixture("rgb420.jpg", in: "jpeg")
            let sides = try frame(of: file) + 5
            file[sides] = UInt8(height >> 8)
            file[sides + 1] = UInt8(height & 255)
            file[sides + 2] = UInt8(width >> 8)
            file[sides + 3] = UInt8(width & 255)
            return file
        }

        /// Where the header of a baseline picture begins.
        private func frame(of file: [UInt8]) throws -> Int {
            try #require(place(of: [0xFF, 0xC0, 0, 17], in: file))
        }

        private func place(of bytes: [UInt8], in file: [UInt8]) -> Int? {
            file.indices.first { file[$0...].starts(with: bytes) }
        }
    }
#endif

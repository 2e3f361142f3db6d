import Pictures
import Testing

/// The one door through which pictures come.
struct PictureReaderTests {
    @Test func firstBytesTellTheFormat() throws {
        let file = try fixture("rgb8.png")
        #expect(try decodePicture(file).picture == decodePNG(file).picture)
        #expect(throws: PictureError.notPNG(kind: "a GIF")) {
            try decodePicture(Array("GIF89a".utf8))
        }
        #expect(throws: PictureError.empty) { try decodePicture([]) }
    }

    @Test func theCallersLimitIsHandedOn() throws {
        let file = try fixture("rgb8.png")
        #expect(throws: PictureError.self) { try decodePicture(file, maximumPixels: 62) }
    }

    #if !JPEG
        @Test func aJPEGIsRefusedWithWhatWouldReadIt() throws {
            let file = try fixture("rgb420.jpg", in: "jpeg")
            let error = #expect(throws: PictureError.jpegLeftOut) { try decodePicture(file) }
            #expect(
                error?.description == "the picture is a JPEG, and this build reads PNG only: "
                    + "convert it to PNG, or build with `--traits JPEG` (which needs libjpeg-dev) "
                    + "to read JPEG too")
        }
    #endif
}

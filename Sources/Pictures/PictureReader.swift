// The bytes of a picture in any format that is read, to a picture.

/// The most pixels of a picture that is read when the caller does not say less: 2^28.
package let maximumPicturePixels = 1 << 28

#if JPEG
    /// The formats that this build reads, as a noun for a person.
    package let readablePictures = "PNG or JPEG"
#else
    /// The formats that this build reads, as a noun for a person.
    package let readablePictures = "PNG"
#endif

/// Reads a picture in the format that its first bytes tell: PNG, and with the package trait JPEG also
/// JPEG.
///
/// Sides up to 32768 are read, and up to `maximumPixels` in all.
package func decodePicture(
    _ bytes: [UInt8], maximumPixels: Int = maximumPicturePixels
) throws(PictureError) -> DecodedPicture {
    guard bytes.starts(with: jpegSignature) else {
        return try decodePNG(bytes, maximumPixels: maximumPixels)
    }
    #if JPEG
        return try decodeJPEG(bytes, maximumPixels: maximumPixels)
    #else
        throw .jpegLeftOut
    #endif
}

/// The begin of every JPEG, and of the marker after it.
private let jpegSignature: [UInt8] = [0xFF, 0xD8, 0xFF]

/// The format that bytes look like that begin as no PNG does, with its article; nil for an unknown one.
func knownFormat(of bytes: [UInt8]) -> String? {
    let starts: [(name: String, offset: Int, mark: [UInt8])] = [
        ("a JPEG", 0, jpegSignature),
        ("a GIF", 0, Array("GIF8".utf8)),
        ("a BMP", 0, Array("BM".utf8)),
        ("a WebP", 8, Array("WEBP".utf8)),
        ("a TIFF", 0, Array("II*\0".utf8)),
        ("a TIFF", 0, Array("MM\0*".utf8)),
        ("an AVIF or HEIF", 4, Array("ftyp".utf8)),
    ]
    return starts.first { bytes.dropFirst($0.offset).starts(with: $0.mark) }?.name
}

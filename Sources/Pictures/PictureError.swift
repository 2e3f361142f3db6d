/// What can be wrong with a picture that is read or written.
package enum PictureError: Error, Equatable {
    /// There is no byte in the file.
    case empty
    /// The bytes are not a PNG; `kind` names the format they look like, if it is a known one.
    case notPNG(kind: String?)
    /// The bytes begin as a PNG does but cannot be read as one.
    case unreadable(reason: String)
    /// The bytes are a JPEG, and the program was built without the package trait that reads it.
    case jpegLeftOut
    /// The bytes begin as a JPEG does but cannot be read as one.
    case unreadableJPEG(reason: String)
    /// The picture cannot be written.
    case unwritable(reason: String)
    /// A text chunk's key is not 1 to 79 Latin-1 characters with single spaces inside.
    case badTextKey(String)
    /// A text chunk's value has a NUL, which PNG cannot hold.
    case badTextValue(key: String)
}

extension PictureError: CustomStringConvertible {
    /// One sentence for a person.
    package var description: String {
        switch self {
        case .empty:
            "the picture is empty: expected a \(readablePictures), found 0 bytes"
        case .notPNG(let kind?):
            "the picture is not a \(readablePictures) but looks like \(kind); convert it to PNG first"
        case .notPNG(nil):
            "the picture is not a \(readablePictures): it does not begin as one"
        case .unreadable(let reason):
            "the PNG cannot be read: \(reason)"
        case .jpegLeftOut:
            "the picture is a JPEG, and this build reads PNG only: convert it to PNG, or build with "
                + "`--traits JPEG` (which needs libjpeg-dev) to read JPEG too"
        case .unreadableJPEG(let reason):
            "the JPEG cannot be read: \(reason)"
        case .unwritable(let reason):
            "the PNG cannot be written: \(reason)"
        case .badTextKey(let key):
            "\"\(key)\" cannot be the key of a PNG text: expected 1 to 79 Latin-1 characters "
                + "without leading, trailing or double spaces"
        case .badTextValue(let key):
            "the PNG text \"\(key)\" has a NUL character, which PNG cannot hold"
        }
    }
}

import Jobs
import Pictures

/// Masks as other programs send them, made into a job's: white where a picture is painted anew.
struct ForeignMask {
    /// The most pixels of one.
    let pixels: Int

    /// OpenAI's: transparent where the picture is painted anew; nil where nothing is.
    func fromTransparency(of file: [UInt8], field: String) throws(RequestProblem) -> [UInt8]? {
        try encoded(file, field) { $0.transparencyMask() }
    }

    /// One that is black where the picture is painted anew.
    func inverted(_ file: [UInt8], field: String) throws(RequestProblem) -> [UInt8]? {
        try encoded(file, field) { $0.inverted() }
    }

    private func encoded(
        _ file: [UInt8], _ field: String, _ convert: (Picture) -> Picture?
    ) throws(RequestProblem) -> [UInt8]? {
        do {
            let picture = try decodePicture(file, maximumPixels: pixels).picture
            return try convert(picture).map { try encodePNG($0) }
        } catch {
            throw RequestProblem(
                field: field, expected: "a \(readablePictures) file", found: "\(error)")
        }
    }
}

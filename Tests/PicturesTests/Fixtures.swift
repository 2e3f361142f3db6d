import Foundation

/// A file of a folder in Tests/Fixtures.
func fixture(_ name: String, in folder: String = "png") throws -> [UInt8] {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try Array(Data(contentsOf: tests.appending(path: "Fixtures/\(folder)/\(name)")))
}

/// What another library makes of a fixture's pixels (see generate.py there).
struct ExpectedPixels: Decodable {
    var channels: Int
    var pixels: [UInt8]

    static func all(in folder: String = "png") throws -> [String: ExpectedPixels] {
        try JSONDecoder().decode(
            [String: ExpectedPixels].self, from: Data(fixture("expected.json", in: folder)))
    }
}

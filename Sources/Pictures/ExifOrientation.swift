/// How a JPEG's EXIF data says that it is to be turned before it is seen: 1 to 8, 1 for not at all.
///
/// 1 as well where it says nothing, or nothing that makes sense: the picture is there all the same.
/// - Parameter jpeg: the file's bytes.
/// - Source: CIPA DC-008 (EXIF 2.32) 4.6.4, tag 274; markers as in ITU-T T.81 B.1.1.3.
package func exifOrientation(of jpeg: [UInt8]) -> Int {
    var position = 2
    while position + 4 <= jpeg.count, jpeg[position] == 0xFF {
        let marker = jpeg[position + 1]
        if marker == 0xFF {
            // Any number of these may stand before a marker.
            position += 1
            continue
        }
        let length = Int(jpeg[position + 2]) << 8 | Int(jpeg[position + 3])
        let end = position + 2 + length
        guard marker != startOfScan, length >= 2, end <= jpeg.count else { return 1 }
        let content = jpeg[position + 4..<end]
        if marker == application1, content.starts(with: exifSignature) {
            return TIFF(content.dropFirst(exifSignature.count))?.orientation ?? 1
        }
        position = end
    }
    return 1
}

private let startOfScan: UInt8 = 0xDA
private let application1: UInt8 = 0xE1
private let exifSignature = Array("Exif\0\0".utf8)

/// The first directory of a TIFF file, which is what EXIF data are.
private struct TIFF {
    private let bytes: ArraySlice<UInt8>
    private let isBigEndian: Bool

    init?(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        if bytes.starts(with: Array("MM\0*".utf8)) {
            isBigEndian = true
        } else if bytes.starts(with: Array("II*\0".utf8)) {
            isBigEndian = false
        } else {
            return nil
        }
    }

    /// One SHORT of 1 to 8 with the tag 274; nil where there is none.
    var orientation: Int? {
        guard let directory = integer(at: 4, bytes: 4), let count = integer(at: directory, bytes: 2)
        else { return nil }
        for index in 0..<count {
            let entry = directory + 2 + 12 * index
            guard let tag = integer(at: entry, bytes: 2) else { return nil }
            guard tag == 274 else { continue }
            guard integer(at: entry + 2, bytes: 2) == 3, integer(at: entry + 4, bytes: 4) == 1,
                let value = integer(at: entry + 8, bytes: 2), (1...8).contains(value)
            else { return nil }
            return value
        }
        return nil
    }

    private func integer(at offset: Int, bytes count: Int) -> Int? {
        guard offset >= 0, offset <= bytes.count - count else { return nil }
        let digits = bytes.dropFirst(offset).prefix(count)
        return isBigEndian
            ? digits.reduce(0) { $0 << 8 | Int($1) }
            : digits.reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}

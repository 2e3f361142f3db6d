import Testing

@testable import Service

/// What a `Range` header asks for.
struct ByteRangeTests {
    @Test(arguments: [
        ("bytes=0-0", 0..<1), ("bytes=0-", 0..<10), ("bytes=9-", 9..<10), ("bytes=2-5", 2..<6),
        ("bytes=2-99", 2..<10), ("bytes=-3", 7..<10), ("bytes=-99", 0..<10),
        ("Bytes=1-1", 1..<2), ("bytes= 1 - 2", 1..<3),
        ("bytes=0-18446744073709551616", 0..<10),
    ])
    func partIsCutAtTheEnd(header: String, expected: Range<Int>) {
        #expect(ByteRange(header, size: 10) == .part(expected))
    }

    @Test(arguments: ["bytes=10-", "bytes=10-12", "bytes=99999999999999999999-", "bytes=-0"])
    func partBehindTheEndIsRefused(header: String) {
        #expect(ByteRange(header, size: 10) == .unsatisfiable)
    }

    @Test(arguments: [
        nil, "", "bytes", "bytes=", "bytes=-", "bytes=5-2", "bytes=a-b", "bytes=0-1,4-5",
        "items=0-1", "bytes=+1-2", "bytes=٣-٤", "bytes=0x1-2",
    ])
    func whatIsNoSingleRangeIsIgnored(header: String?) {
        #expect(ByteRange(header, size: 10) == .whole)
    }

    @Test func emptyFileHasNoPart() {
        #expect(ByteRange("bytes=0-", size: 0) == .unsatisfiable)
        #expect(ByteRange("bytes=-1", size: 0) == .unsatisfiable)
    }
}

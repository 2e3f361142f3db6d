import Testing

@testable import Jobs

/// What the daemon remembers of drawings that fit into the memory.
@Suite struct RehearsedDrawingsTests {
    private struct TooLarge: Error {}

    private let rehearsed = RehearsedDrawings()

    private func outline(width: Int = 64, isGuided: Bool = true) -> RehearsedDrawings.Outline {
        .init(
            model: "m", loras: [], controls: [], vae: nil, embeddings: [], promptLength: 0,
            upscaler: nil,
            width: width,
            height: 64, isGuided: isGuided,
            beginsWithPicture: false)
    }

    /// Whether a drawing was rehearsed.
    private func isRehearsed(_ outline: RehearsedDrawings.Outline) -> Bool {
        var isRehearsed = false
        rehearsed.require(outline) { isRehearsed = true }
        return isRehearsed
    }

    @Test func likeDrawingsAreRehearsedOnce() {
        #expect(isRehearsed(outline()))
        #expect(!isRehearsed(outline()))
        #expect(isRehearsed(outline(width: 128)))
        #expect(isRehearsed(outline(isGuided: false)))
        rehearsed.clear()
        #expect(isRehearsed(outline()))
    }

    @Test func whatDidNotFitIsRehearsedAgain() {
        #expect(throws: TooLarge.self) { try rehearsed.require(outline()) { throw TooLarge() } }
        #expect(isRehearsed(outline()))
    }

    @Test func manyOutlinesTakeBoundedMemory() {
        for width in 1...10_000 { #expect(isRehearsed(outline(width: width))) }
        #expect(isRehearsed(outline(width: 1)))
    }
}

import Pictures
import Pipeline
import Quantizer
import Tensors
import Testing
import WeightStore

/// The trained demo model: the 16 pictures that diffusers draws with it.
@Suite struct EmojiTests {
    static let checkpoint = TestBundle.root + "/Models/checkpoints/emoji-zh"

    private func pictures(
        _ bundle: String, cases: Range<Int>, each: (Int, Picture, Picture) -> Void
    ) throws {
        try InstructionSet.selectFromEnvironment()
        let painter = TextToImage(
            try DiffusionBundle(path: bundle), on: Executor(threads: 2))
        let folder = TestBundle.root + "/Tests/Fixtures/emoji-zh"
        let list = try #require(try readJSON(folder + "/cases.json").array)
        #expect(list.count == 16)
        for index in cases {
            let request = try #require(
                GenerationRequest(fixture: list[index], settings: list[index]))
            let wanted = try readPicture("\(folder)/\(index).png")
            try painter.run(try painter.plan(request)) { each(index, $0.picture, wanted) }
        }
    }

    @Test func float32PicturesMatchDiffusers() throws {
        let bundle = try TestBundle.path(Self.checkpoint, type: .f32)
        try pictures(bundle, cases: 0..<16) { index, picture, wanted in
            #expect(largestDifference(picture, wanted) <= 1, "case \(index)")
        }
    }

    /// `make quality` has the whole table; here only that the shipped bundle is the model.
    @Test func shippedBundleDrawsTheSamePictures() throws {
        try pictures(
            TestBundle.root + "/Models/emoji-zh", cases: 0..<4
        ) { index, picture, wanted in
            #expect(peakSignalToNoise(picture, wanted) >= 38, "case \(index)")
        }
    }
}

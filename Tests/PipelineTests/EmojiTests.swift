import Pictures
import Pipeline
import Quantizer
import Tensors
import Testing
import WeightStore

/// The trained models that come along: the pictures that diffusers draws with them.
@Suite struct EmojiTests {
    static let checkpoints = TestBundle.root + "/Models/checkpoints/"
    static let checkpoint = checkpoints + "emoji-zh"

    private func pictures(
        of model: String, by bundle: String, cases: Range<Int>,
        each: (Int, Picture, Picture) -> Void
    ) throws {
        try InstructionSet.selectFromEnvironment()
        let painter = TextToImage(
            try DiffusionBundle(path: bundle), on: Executor(threads: 2))
        let folder = TestBundle.root + "/Tests/Fixtures/" + model
        let list = try #require(try readJSON(folder + "/cases.json").array)
        try #require(list.count >= cases.upperBound)
        for index in cases {
            let request = try #require(
                GenerationRequest(fixture: list[index], settings: list[index]))
            let wanted = try readPicture("\(folder)/\(index).png")
            try painter.run(try painter.plan(request)) { each(index, $0.picture, wanted) }
        }
    }

    @Test(arguments: [("emoji-zh", 16), ("emoji-zh-128", 4), ("emoji-zh-128-lcm", 4)])
    func float32PicturesMatchDiffusers(model: String, count: Int) throws {
        let bundle = try TestBundle.path(Self.checkpoints + model, type: .f32)
        try pictures(of: model, by: bundle, cases: 0..<count) { index, picture, wanted in
            #expect(largestDifference(picture, wanted) <= 1, "case \(index)")
        }
    }

    /// `make quality` has the whole table; here only that the shipped bundles are the models.
    @Test(arguments: [("emoji-zh", 42.0), ("emoji-zh-128", 38.0), ("emoji-zh-128-lcm", 38.0)])
    func shippedBundlesDrawTheSamePictures(model: String, bound: Double) throws {
        let bundle = TestBundle.root + "/Models/" + model
        try pictures(of: model, by: bundle, cases: 0..<4) { index, picture, wanted in
            #expect(peakSignalToNoise(picture, wanted) >= bound, "case \(index)")
        }
    }
}

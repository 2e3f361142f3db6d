internal import Layers

extension TextToImage {
    /// Rows that a product has at least before reading its weights once more no longer counts.
    private static let manyRows = 4096
    /// More share little more.
    private static let most = 16

    /// How many of `count` pictures to denoise at a time: as many as it takes to read the fewest bytes of
    /// weights for each picture.
    ///
    /// Where all weights stay in memory that is nothing in any case, and more pictures help only as long
    /// as a product's rows are few.
    /// - Parameters:
    ///   - denoising: the stage for so many pictures.
    ///   - rows: that a picture adds to each product at the most.
    ///   - room: for the stage, in bytes.
    func picturesTogether(
        of count: Int, denoising: (_ pictures: Int) -> PlannableStage, rows: Int, within room: Int
    ) -> Int {
        guard count > 1 else { return 1 }
        // Rounds of about equal size.
        let sizes = Set((1...count).map { (count + $0 - 1) / $0 }).filter { $0 <= Self.most }
        var best = (pictures: 1, readBytes: Double.infinity)
        for pictures in sizes.sorted() {
            guard let plan = try? denoising(pictures).plan(within: room) else { break }
            let readBytes = Double(plan.weights.passingBytes) / Double(pictures)
            let hasFewRows = readBytes == 0 && pictures * rows <= Self.manyRows
            guard readBytes < best.readBytes || hasFewRows else { break }
            best = (pictures, readBytes)
        }
        return best.pictures
    }
}

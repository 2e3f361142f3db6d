internal import Pictures
internal import Tensors
internal import WeightStore

/// Draws pictures from text: the library's face, for a program that embeds Inkstone.
///
///     let generator = try ImageGenerator(bundle: "Models/emoji-zh-128")
///     for image in try generator.generate(GenerationRequest(prompt: "熊猫")) {
///         save(try image.png())
///     }
///
/// One generator does one request at a time.
public final class ImageGenerator {
    private let painter: TextToImage

    /// Opens a bundle.
    /// - Parameters:
    ///   - path: the bundle's folder.
    ///   - loras: what is added to the model.
    ///   - textualInversions: whose words the prompts may use.
    ///   - autoencoder: a bundle's folder, whose autoencoder stands in for the model's.
    ///   - threads: threads to draw with, at least 1 (trap); nil for one a processor.
    public init(
        bundle path: String, loras: [LoRA] = [], textualInversions: [TextualInversion] = [],
        autoencoder: String? = nil, threads: Int? = nil
    ) throws {
        try InstructionSet.selectFromEnvironment()
        let own = try DiffusionBundle(path: path)
        let model = try autoencoder.map { try own.drawing(with: Bundle.open($0)) } ?? own
        painter = TextToImage(
            try model.adding(loras).adding(textualInversions),
            on: Executor(threads: threads ?? Parallel.processors))
    }

    /// What the request will take at most; throws what `generate` would throw before it draws.
    public func memoryPlan(for request: GenerationRequest) throws -> MemoryPlan {
        try painter.plan(request).stages.memory
    }

    /// Draws the request's pictures.
    /// - Parameter progress: called between steps; what it throws ends the work and is thrown on.
    public func generate(
        _ request: GenerationRequest, progress: ProgressHandler = { _ in }
    ) throws -> [GeneratedImage] {
        var images: [GeneratedImage] = []
        try painter.run(try painter.plan(request), progress: progress) { result in
            images.append(GeneratedImage(picture: result.picture, seed: result.seed))
        }
        return images
    }
}

/// A picture that was drawn.
public struct GeneratedImage: Sendable {
    private let picture: Picture
    /// The seed that draws it again.
    public let seed: UInt64

    init(picture: Picture, seed: UInt64) {
        self.picture = picture
        self.seed = seed
    }

    /// Pixels in a row.
    public var width: Int { picture.width }
    /// Rows.
    public var height: Int { picture.height }
    /// Red, green and blue, a byte each, rows from the top.
    public var rgb: [UInt8] { picture.pixels }

    /// The picture as a PNG file's bytes.
    public func png() throws -> [UInt8] { try encodePNG(picture, texts: []) }
}

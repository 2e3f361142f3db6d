internal import Pictures
internal import Samplers
internal import WeightStore

/// What to draw, and how.
public struct GenerationRequest: Sendable {
    /// What the picture should show.
    public var prompt: String
    /// What it should not show; the guidance steers away from it.
    public var negativePrompt: String
    /// Whether a prompt that is longer than the text encoder takes is encoded in slices, as
    /// PAI-Diffusion's web interface does; otherwise its end is left out.
    public var isLongPrompt: Bool
    /// Whether brackets in the prompts are plain characters; otherwise they say what counts more or less:
    /// `(word:1.3)`, `(word)`, `[word]`.
    public var isPlainPrompt: Bool
    /// Denoising steps, 1 to 1000.
    public var steps: Int
    /// Guidance scale, 0 to 100; up to 1 the negative prompt and the guidance are off.
    public var guidance: Double
    /// Command-line name of the sampler; nil for the one that the checkpoint names.
    public var sampler: String?
    /// The first picture's seed; each further picture takes the next one.
    public var seed: UInt64
    /// Pixels; nil for the size that the model was trained for.
    public var width: Int?
    /// Pixels; nil for the size that the model was trained for.
    public var height: Int?
    /// Pictures to draw, 1 to 1000.
    public var count: Int
    /// A picture to begin with; nil for noise alone. Without a size of its own the request takes this
    /// picture's.
    public var initial: InitialPicture?
    /// How near everything is, for models that draw after a depth map; nil for the others.
    public var depthMap: DepthMap?
    /// Pictures that ControlNets make the drawing follow.
    public var controls: [ControlPicture]
    /// Bytes of memory to stay within, weights included; nil for what the machine has.
    public var memoryLimit: Int?

    /// A request; what is left out is what most users want.
    public init(
        prompt: String, negativePrompt: String = "", isLongPrompt: Bool = false,
        isPlainPrompt: Bool = false, steps: Int = 25, guidance: Double = 7.5,
        sampler: String? = nil, seed: UInt64 = 0, width: Int? = nil, height: Int? = nil,
        count: Int = 1, initial: InitialPicture? = nil, depthMap: DepthMap? = nil,
        controls: [ControlPicture] = [], memoryLimit: Int? = nil
    ) {
        self.prompt = prompt
        self.negativePrompt = negativePrompt
        self.isLongPrompt = isLongPrompt
        self.isPlainPrompt = isPlainPrompt
        self.steps = steps
        self.guidance = guidance
        self.sampler = sampler
        self.seed = seed
        self.width = width
        self.height = height
        self.count = count
        self.initial = initial
        self.depthMap = depthMap
        self.controls = controls
        self.memoryLimit = memoryLimit
    }

    static let longestPrompt = 20_000
    static let largestSide = 4096
    static let allowedSteps = 1...1000
    static let allowedGuidance = 0.0...100.0

    /// Checks all that does not depend on the model.
    func validate() throws(PipelineError) {
        try check("steps", steps, in: Self.allowedSteps)
        try check("count", count, in: 1...1000)
        try initial?.validate(steps: steps)
        guard Self.allowedGuidance.contains(guidance) else {
            throw .invalidRequest(
                field: "guidance", expected: "a number in \(Self.allowedGuidance)",
                found: "\(guidance)")
        }
        for (field, text) in [("prompt", prompt), ("negative prompt", negativePrompt)] {
            guard text.unicodeScalars.count <= Self.longestPrompt else {
                throw .invalidRequest(
                    field: field, expected: "at most \(Self.longestPrompt) characters",
                    found: "\(text.unicodeScalars.count)")
            }
            if !isPlainPrompt { _ = try weightedTexts(text) }
        }
        guard sampler.map({ SamplerKind(rawValue: $0) != nil }) ?? true else {
            throw .invalidRequest(
                field: "sampler", expected: "one of \(SamplerKind.names)",
                found: printable(sampler ?? ""))
        }
    }

    /// The size in pixels, checked against the model's grid.
    func size(default fallback: Int, multiple: Int) throws(PipelineError) -> (
        width: Int, height: Int
    ) {
        func own(_ side: Int?) -> Int {
            side.map { max($0 / multiple * multiple, multiple) } ?? fallback
        }
        let owner = initial == nil ? "the model's" : "the picture's"
        let size = (
            width: width ?? own(initial?.picture.width),
            height: height ?? own(initial?.picture.height)
        )
        for (field, side, given) in [
            ("width", size.width, width), ("height", size.height, height),
        ] {
            guard side >= multiple, side <= Self.largestSide, side % multiple == 0 else {
                throw .invalidRequest(
                    field: field,
                    expected: "a multiple of \(multiple) in \(multiple)...\(Self.largestSide)",
                    found: given == nil ? "\(owner) own size, \(side)" : "\(side)")
            }
        }
        return size
    }

    private func check(
        _ field: String, _ value: Int, in range: ClosedRange<Int>
    ) throws(PipelineError) {
        guard range.contains(value) else {
            throw .invalidRequest(
                field: field, expected: "an integer in \(range)", found: "\(value)")
        }
    }
}

extension SamplerKind {
    /// The names on the command line, for messages.
    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

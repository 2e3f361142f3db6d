import Pictures
import Pipeline
import Tensors
import Testing
import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// ‖a − b‖ / ‖b‖; infinite where the counts differ.
func relativeError(_ a: [Float], _ b: [Float]) -> Double {
    guard a.count == b.count else { return .infinity }
    var difference = 0.0
    var norm = 0.0
    for (x, y) in zip(a, b) {
        difference += Double(x - y) * Double(x - y)
        norm += Double(y) * Double(y)
    }
    return (difference / norm).squareRoot()
}

/// Expects ‖found − wanted‖ / ‖wanted‖ below a bound, and says it where the cases were given.
func expectClose(
    _ found: [Float], _ wanted: [Float], below bound: Double, _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let error = relativeError(found, wanted)
    #expect(error < bound, "\(what)", sourceLocation: sourceLocation)
    if getenv("INKSTONE_FIXTURES") != nil { print("float32 \(what): \(error)") }
}

/// The largest difference of two pictures' bytes; 255 where their sizes differ.
func largestDifference(_ a: Picture, _ b: Picture) -> Int {
    guard a.pixels.count == b.pixels.count, a.width == b.width else { return 255 }
    return zip(a.pixels, b.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 255
}

/// 10 · log₁₀(255² / mean squared error), in decibels.
func peakSignalToNoise(_ a: Picture, _ b: Picture) -> Double {
    guard a.pixels.count == b.pixels.count, a.width == b.width else { return -.infinity }
    let squares = zip(a.pixels, b.pixels).map { (x, y) -> Double in
        let difference = Double(x) - Double(y)
        return difference * difference
    }
    let mean = squares.reduce(0, +) / Double(squares.count)
    return mean == 0 ? .infinity : 10 * log10(255 * 255 / mean)
}

func readPicture(_ path: String) throws -> Picture {
    try decodePNG(readFile(path)).picture
}

func readJSON(_ path: String) throws -> JSONValue {
    try JSONValue.parse(readFile(path))
}

extension GenerationRequest {
    /// A fixture's prompts and settings, under diffusers' own names.
    init?(fixture: JSONValue, settings: JSONValue?) {
        guard let prompt = fixture["prompt"]?.string, let steps = settings?["steps"]?.int,
            let guidance = (settings?["guidance_scale"] ?? settings?["guidance"])?.double,
            let seed = settings?["seed"]?.int
        else { return nil }
        self.init(
            prompt: prompt, negativePrompt: fixture["negative_prompt"]?.string ?? "",
            steps: steps, guidance: guidance, sampler: settings?["sampler"]?.string,
            seed: UInt64(seed), width: settings?["width"]?.int, height: settings?["height"]?.int)
    }
}

extension SafetensorsFile {
    /// A picture or latents, [N, C, H, W].
    func tensor(_ name: String, in workspace: Workspace) throws -> Tensor {
        let shape = try requiredEntry(name).shape
        return Tensor(
            planar: try floats(name),
            shape: Shape(
                images: shape[0], height: shape[2], width: shape[3], channels: shape[1]),
            in: workspace)
    }

    /// Hidden states, [N, T, C].
    func tokens(_ name: String, in workspace: Workspace) throws -> Tensor {
        let shape = try requiredEntry(name).shape
        return Tensor(
            try floats(name),
            shape: Shape(images: shape[0], tokens: shape[1], channels: shape[2]), in: workspace)
    }
}

/// The smallest memory limit that would do, as the refusal of `limit` names it.
func leastLimit(
    _ request: GenerationRequest, below limit: Int = 1, with painter: TextToImage
) throws -> Int {
    var request = request
    request.memoryLimit = limit
    do {
        _ = try painter.plan(request)
    } catch PipelineError.memoryLimit(_, limit, let least) {
        return least
    }
    Issue.record("\(limit) bytes were enough")
    return 0
}

/// Paints fixture `name`'s picture under its mask, within a grey level of what is expected.
func expectInpainting(
    _ name: String, with painter: TextToImage, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let folder = "\(TestBundle.fixtures)/\(name)"
    let json = try readJSON(folder + "/expected.json")
    var request = try #require(GenerationRequest(fixture: json, settings: json))
    request.initial = InitialPicture(
        try readPicture(folder + "/image.png"),
        mask: InpaintingMask(try readPicture(folder + "/mask.png")),
        strength: try #require(json["strength"]?.double))
    let wanted = try readPicture(folder + "/expected.png")
    try painter.run(try painter.plan(request)) { result in
        #expect(
            largestDifference(result.picture, wanted) <= 1, sourceLocation: sourceLocation)
    }
}

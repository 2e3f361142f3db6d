package import Pictures

/// A picture that drawing begins with, in place of nothing but noise.
public struct InitialPicture: Sendable {
    /// RGB.
    package let picture: Picture
    /// Where it may change; nil for everywhere.
    package let mask: InpaintingMask?
    /// How much of it may change, above 0 to 1: this share of the denoising steps is taken.
    public var strength: Double

    /// What most users want.
    public static let usualStrength = 0.8

    /// Reads a picture file: a PNG of any kind, or a JPEG where that was built in; transparency is seen on white.
    /// - Parameter mask: another file that is white where the picture may change and black where it stays;
    ///   nil for everywhere.
    public init(
        file: [UInt8], mask: [UInt8]? = nil, strength: Double = usualStrength
    ) throws {
        self.init(
            try decodePicture(file).picture,
            mask: try mask.map { InpaintingMask(try decodePicture($0).picture) }, strength: strength
        )
    }

    package init(
        _ picture: Picture, mask: InpaintingMask? = nil, strength: Double = usualStrength
    ) {
        self.picture = picture.composited()
        self.mask = mask
        self.strength = strength
    }

    /// Of `steps` steps, those that are taken.
    /// - Source: diffusers 0.42.1 `StableDiffusionImg2ImgPipeline.get_timesteps`.
    func stepsTaken(of steps: Int) -> Int {
        min(Int(Double(steps) * strength), steps)
    }

    func validate(steps: Int) throws(PipelineError) {
        guard strength > 0, strength <= 1 else {
            throw .invalidRequest(
                field: "strength", expected: "a number above 0, at most 1", found: "\(strength)")
        }
        guard stepsTaken(of: steps) >= 1 else {
            throw .invalidRequest(
                field: "strength", expected: "at least one of \(steps) steps: \(1 / Double(steps))",
                found: "\(strength)")
        }
    }
}

/// Where a request stands.
public struct Progress: Sendable, Equatable {
    /// The stages of a picture, in order.
    public enum Stage: String, Sendable {
        /// The prompt goes through the text encoder.
        case text
        /// The picture to begin with goes through the autoencoder.
        case encode
        /// The latents go through the U-Net, step by step.
        case denoise
        /// The latents become a picture.
        case decode
        /// The picture is enlarged.
        case upscale
    }

    /// The stage that runs.
    public let stage: Stage
    /// Steps of this stage that are done, 0 to `steps`.
    public let step: Int
    /// Steps of this stage.
    public let steps: Int
    /// The picture, counted from 0; the first of those that are drawn together.
    public let picture: Int
    /// Pictures that are drawn together.
    public let together: Int
    /// Pictures of the request.
    public let pictures: Int

    /// Where a request stands.
    package init(
        stage: Stage, step: Int, steps: Int, picture: Int, together: Int = 1, pictures: Int
    ) {
        self.stage = stage
        self.step = step
        self.steps = steps
        self.picture = picture
        self.together = together
        self.pictures = pictures
    }
}

/// Is told of progress; what it throws ends the work.
public typealias ProgressHandler = (Progress) throws -> Void

package import Pipeline

/// What a job draws, and how. What is nil is the model's or the daemon's to fill in.
package struct JobRequest: Sendable, Equatable {
    /// The kinds of work.
    package enum Task: String, Sendable, CaseIterable {
        /// Text becomes pictures.
        case draw
        /// A picture becomes larger.
        case enlarge
    }

    package var task: Task
    /// What the picture shows; empty for a picture to enlarge.
    package var prompt: String
    /// What it does not show.
    package var negativePrompt = ""
    /// A model's name in the library.
    package var model: String?
    /// What is added to the model.
    package var loras: [LoRAChoice] = []
    /// Pictures that ControlNets make the drawing follow.
    package var controls: [ControlChoice] = []
    /// A name in the library: whose autoencoder stands in for the model's.
    package var vae: String?
    /// Names in the library of textual inversions, whose words the prompts may use.
    package var embeddings: [String] = []
    /// Whether a prompt that is longer than the model takes is read in slices.
    package var isLongPrompt = false
    /// Whether brackets in the prompts are plain characters.
    package var isPlainPrompt = false
    /// Pixels.
    package var width: Int?
    /// Pixels.
    package var height: Int?
    /// Denoising steps.
    package var steps: Int?
    /// Guidance scale.
    package var guidance: Double?
    /// Command-line name of a sampler.
    package var sampler: String?
    /// The first picture's seed; each further picture takes the next one.
    package var seed: UInt64?
    /// Pictures to draw.
    package var count = 1
    /// Whether what was drawn is enlarged.
    package var upscale = false
    /// An upscaler's name in the library.
    package var upscaler: String?
    /// A picture file's bytes: what is enlarged, or what drawing begins with. Empty once the job is
    /// accepted: they are in the spool.
    package var image: [UInt8]?
    /// A picture file's bytes: white where the picture to begin with is painted anew, black where it
    /// stays; nil for all of it. Empty like `image` once the job is accepted.
    package var mask: [UInt8]?
    /// A picture file's bytes: bright is near, for models that draw after a depth map. Empty like `image`
    /// once the job is accepted.
    package var depthMap: [UInt8]?
    /// How much of the picture to begin with may change, above 0 to 1.
    package var strength: Double?

    /// A LoRA's name in the library, and how much of it is added.
    package struct LoRAChoice: Sendable, Hashable {
        package var name: String
        package var scale: Double
    }

    /// A ControlNet's name in the library, what it follows, and how much.
    package struct ControlChoice: Sendable, Equatable {
        package var name: String
        /// A picture file's bytes. Empty once the job is accepted: they are in the spool.
        package var image: [UInt8]
        package var scale: Double
        /// The outlines that are followed; nil for the picture itself.
        package var canny: OutlineThresholds?
    }

    package init(task: Task = .draw, prompt: String = "") {
        self.task = task
        self.prompt = prompt
    }
}

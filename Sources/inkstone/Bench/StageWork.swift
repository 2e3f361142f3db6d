import WeightStore

/// A stage of a model on made-up input: what there is to measure.
struct StageWork {
    let stage: BenchStage
    /// The shape of what goes in, in words.
    let input: String
    /// Class and type of the weights.
    let weights: String
    /// Opens the weights and makes the input; what it returns runs the stage once.
    let prepare: () throws -> () throws -> Void
    /// Multiplications with an addition in one run; may be asked once the stage has run.
    let multiplyAdds: () throws -> Int
}

/// What `inkstone bench` measures.
enum BenchStage: String, CaseIterable {
    /// The text encoder on one prompt of full length.
    case text
    /// One evaluation of the U-Net.
    case unet
    /// The same as a batch of two, as guidance runs it.
    case guided = "unet guided"
    /// The autoencoder's decoder.
    case decode
    /// An upscaler.
    case upscale
    /// A whole picture: text, all steps, decoder.
    case picture

    /// What the command line calls it.
    var option: String { self == .guided ? "guided" : rawValue }
}

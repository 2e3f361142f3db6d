import WeightStore

/// What the tensors of a latent-diffusion checkpoint do not say of the model.
struct LatentDiffusionFacts {
    /// Sides of the latents that it was trained with.
    var sampleSize: Int
    /// Heads of the U-Net's attention over so many channels.
    var heads: (Int) -> Int
    /// The scheduler's configuration, in diffusers' keys.
    var scheduler: JSONObject
    /// What fills a prompt up; nil for what the tokenizer's own files say.
    var padToken: String?
    /// Latents are multiplied with this on their way to the U-Net.
    var scalingFactor = 0.18215
    /// Whether it draws with weights averaged over the training, where the file has them.
    var usesAverages = true
    /// Heads of the text encoder's attention; nil for what its width tells.
    var textHeads: Int?
    /// Whether the U-Net sees one vector for the whole prompt.
    var isTextPooled = false
    /// Whether pictures are cut off to 8 bits instead of rounded.
    var truncatesPixels = false
}

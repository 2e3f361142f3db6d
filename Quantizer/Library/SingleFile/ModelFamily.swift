/// What a single file does not say of the model in it.
package enum ModelFamily: String, CaseIterable, Sendable {
    /// Stable Diffusion 1, PAI-Diffusion and what was made from them: 8 heads, 512×512.
    case sd1
    /// Stable Diffusion 2 that predicts the noise, 512×512; inpainting and depth models too.
    case sd2Base = "sd2-base"
    /// Stable Diffusion 2 that predicts v, 768×768.
    case sd2768V = "sd2-768-v"

    /// The family that the U-Net's shapes tell.
    init(_ unet: LatentDiffusionUNet, path: String) throws(QuantizerError) {
        guard unet.isProjectionLinear else {
            self = .sd1
            return
        }
        // The models that take more than latents all predict the noise.
        guard try unet.inputs == 4 else {
            self = .sd2Base
            return
        }
        throw .option(
            "\(path): a Stable Diffusion 2 model, whose shapes do not say what it predicts: say "
                + "--family \(Self.sd2Base.rawValue) (512x512, noise) or "
                + "--family \(Self.sd2768V.rawValue) (768x768, v)")
    }

    /// Sides of the latents that it was trained with.
    var sampleSize: Int { self == .sd2768V ? 96 : 64 }

    var predictionType: String { self == .sd2768V ? "v_prediction" : "epsilon" }

    /// Heads of attention over so many channels.
    func heads(channels: Int) -> Int {
        self == .sd1 ? 8 : max(channels / 64, 1)
    }

    /// What fills a prompt up; nil for what the tokenizer's own files say.
    var padToken: String? { self == .sd1 ? nil : "!" }
}

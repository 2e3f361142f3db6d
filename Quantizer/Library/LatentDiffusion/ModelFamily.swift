import WeightStore

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

    var facts: LatentDiffusionFacts {
        LatentDiffusionFacts(
            sampleSize: self == .sd2768V ? 96 : 64,
            heads: { self == .sd1 ? 8 : max($0 / 64, 1) },
            scheduler: [
                "_class_name": "DDIMScheduler", "beta_start": 0.00085, "beta_end": 0.012,
                "beta_schedule": "scaled_linear", "num_train_timesteps": 1000,
                "clip_sample": false, "set_alpha_to_one": false, "steps_offset": 1,
                "timestep_spacing": "leading",
                "prediction_type": self == .sd2768V ? "v_prediction" : "epsilon",
            ],
            padToken: self == .sd1 ? nil : "!")
    }
}

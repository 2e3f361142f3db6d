package import Layers
package import Tensors
package import WeightStore

/// What an autoencoder makes of pictures, whatever its kind.
package struct LatentSpace: Sendable {
    /// Channels of the pictures (always 3), and of the latents.
    package let pictureChannels: Int
    package let latentChannels: Int
    /// Latents are multiplied with this on their way to the U-Net.
    package let scalingFactor: Double
    /// Pixels of a picture along one latent's side: 8 for Stable Diffusion.
    package let pixelsPerLatent: Int
    /// Whether pixels are cut off to 8 bits instead of rounded; not upstream's key.
    package let truncatesPixels: Bool
}

/// The second half of an autoencoder: latents to a picture.
package protocol PictureDecoder: Sendable {
    var latentSpace: LatentSpace { get }

    /// Latents [N, h, w, latentChannels], already divided by the scaling factor → pictures
    /// [N, h·p, w·p, pictureChannels], roughly within −1…1.
    func callAsFunction(_ latents: Tensor, tiling: Tiling, on executor: Executor) -> Tensor

    /// The same for latents of one image (trap otherwise), handed over row by row, [w·p,
    /// pictureChannels] each.
    func decode(
        _ latents: Tensor, tiling: Tiling, on executor: Executor,
        each: (_ row: Int, _ values: Span<Float>) throws -> Void
    ) rethrows
}

/// The first half of an autoencoder: a picture to its latents.
package protocol PictureEncoder: Sendable {
    var latentSpace: LatentSpace { get }

    /// Pictures [N, H, W, pictureChannels] within −1…1; H and W are multiples of the autoencoder's factor.
    func callAsFunction(_ picture: Tensor, tiling: Tiling, on executor: Executor) -> LatentPosterior
}

/// A diagonal normal distribution over latents, both [N, h, w, latentChannels].
package struct LatentPosterior: Sendable {
    package let mean: Tensor
    /// Logarithm of the variance, kept within −30…20 as upstream does; nil where the latents are certain.
    package let logVariance: Tensor?
}

extension PictureDecoder {
    package func callAsFunction(_ latents: Tensor, on executor: Executor) -> Tensor {
        self(latents, tiling: .standard, on: executor)
    }
}

extension PictureEncoder {
    package func callAsFunction(_ picture: Tensor, on executor: Executor) -> LatentPosterior {
        self(picture, tiling: .standard, on: executor)
    }
}

/// Both halves of an autoencoder.
package struct Autoencoder: Sendable {
    package let decoder: any PictureDecoder
    package let encoder: any PictureEncoder

    /// Upstream's classes.
    package static let classNames = ["AutoencoderKL", AutoencoderTiny.className]

    /// Reads the one of upstream class `className`, all of its file.
    package init(className: String, configuration: JSONObject, weights: WeightReader) throws {
        if className == AutoencoderTiny.className {
            let tiny = try AutoencoderTiny(configuration: configuration, weights: weights)
            (decoder, encoder) = (tiny, tiny.encoder)
        } else {
            let configuration = try AutoencoderConfiguration(configuration)
            decoder = try AutoencoderKLDecoder(configuration: configuration, weights: weights)
            encoder = try AutoencoderKLEncoder(configuration: configuration, weights: weights)
        }
        try weights.finish()
    }

    /// What the configuration of class `className` says, without weights.
    package static func latentSpace(
        className: String, configuration: JSONObject
    ) throws -> LatentSpace {
        className == AutoencoderTiny.className
            ? try AutoencoderTiny.Configuration(configuration).latentSpace
            : try AutoencoderConfiguration(configuration).latentSpace
    }
}

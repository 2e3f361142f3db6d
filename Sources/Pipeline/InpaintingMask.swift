package import Pictures
internal import Samplers

/// Where a picture to begin with is painted anew: white; what is black stays.
package struct InpaintingMask: Sendable {
    /// RGB.
    private let picture: Picture

    /// Half white is white; transparency counts as black.
    package init(_ picture: Picture) {
        self.picture = picture.composited(over: (0, 0, 0))
    }

    /// The mask over a picture, [height, width]: whether pixels are painted anew.
    /// - Source: diffusers 0.42.1 `StableDiffusionInpaintPipeline`: its `mask_processor`; gray as in
    ///   Pillow's `Image.convert("L")`.
    func pixels(width: Int, height: Int) -> [Bool] {
        let resized = picture.resized(width: width, height: height)
        return stride(from: 0, to: resized.pixels.count, by: resized.channels).map { first in
            Self.isWhite(resized.pixels[first..<first + 3])
        }
    }

    /// The mask over latents, [height, width]: 1 where they are painted anew, otherwise 0.
    ///
    /// Resized with the picture; of each square of `pixels` by `pixels` the top left pixel counts.
    /// - Source: diffusers 0.42.1 `StableDiffusionInpaintPipeline.prepare_mask_latents`.
    func latents(width: Int, height: Int, pixelsPerLatent pixels: Int) -> [Float] {
        let whole = self.pixels(width: width * pixels, height: height * pixels)
        return (0..<height * width).map { index in
            let (row, column) = index.quotientAndRemainder(dividingBy: width)
            return whole[(row * width * pixels + column) * pixels] ? 1 : 0
        }
    }

    private static func isWhite(_ pixel: ArraySlice<UInt8>) -> Bool {
        let sum = zip(pixel, [19595, 38470, 7471]).reduce(0x8000) { $0 + Int($1.0) * $1.1 }
        return sum >> 16 >= 128
    }
}

/// A picture's latents, of which those outside a mask are brought back after every step.
struct MaskedOriginal {
    /// [C, h, w] in planar order.
    let original: [Float]
    /// Of the original's shape; the same at every noise level.
    let noise: [Float]
    /// [h, w]: 1 where latents are painted anew, otherwise 0.
    let mask: [Float]

    /// `latents` before evaluation `index`, with the original at that level where it stays.
    /// - Parameter index: past the last evaluation the original is without noise.
    /// - Source: diffusers 0.42.1 `StableDiffusionInpaintPipeline.__call__`, for U-Nets of 4 channels.
    func restored(in latents: [Float], by sampler: any Sampler, at index: Int) -> [Float] {
        let noised =
            index < sampler.timesteps.count
            ? sampler.addNoise(to: original, noise: noise, at: index) : original
        return latents.indices.map { position in
            let share = mask[position % mask.count]
            return (1 - share) * noised[position] + share * latents[position]
        }
    }
}

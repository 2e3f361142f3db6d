#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What the latents of a picture are, as the autoencoder gives it: independent normal distributions,
/// each [C, h, w] in planar order.
struct LatentDistribution {
    let mean: [Float]
    /// nil where the latents are certain: a tiny autoencoder's.
    let logVariance: [Float]?
    let scalingFactor: Float

    /// Latents drawn from it; as many normal numbers are asked for, none where the latents are certain.
    func sample(_ normal: () -> [Float]) -> [Float] {
        guard let logVariance else { return mean.map { scalingFactor * $0 } }
        let noise = normal()
        return mean.indices.map { index in
            let deviation = expf(0.5 * logVariance[index])
            return scalingFactor * (mean[index] + deviation * noise[index])
        }
    }
}

/// What a walk begins with besides noise.
struct InitialLatents {
    /// The picture's; nil where all of it is painted anew by a U-Net that sees the rest.
    let picture: LatentDistribution?
    /// [h, w]: 1 where latents are painted anew, otherwise 0; nil where all of them are.
    let mask: [Float]?
    /// The picture's without what is painted anew, for U-Nets that see it and the mask.
    let unmasked: LatentDistribution?

    /// Whether nothing is drawn from distributions.
    var isCertain: Bool {
        [picture, unmasked].compactMap(\.self).allSatisfy { $0.logVariance == nil }
    }
}

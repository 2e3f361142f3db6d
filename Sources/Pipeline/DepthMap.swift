package import Pictures

/// How near what is to be seen is: bright is near, dark far, as depth estimators give it.
public struct DepthMap: Sendable {
    /// RGB.
    private let picture: Picture

    /// Reads a picture file; transparency counts as far.
    public init(file: [UInt8]) throws {
        self.init(try decodePicture(file).picture)
    }

    package init(_ picture: Picture) {
        self.picture = picture.composited(over: (0, 0, 0))
    }

    /// The map over latents, [height, width], −1 for the farthest to 1 for the nearest.
    ///
    /// A map of one depth is far everywhere.
    /// - Source: diffusers 0.42.1 `StableDiffusionDepth2ImgPipeline.prepare_depth_map`.
    func latents(width: Int, height: Int) -> [Float] {
        let grays = stride(from: 0, to: picture.pixels.count, by: picture.channels).map {
            Float(picture.pixels[$0])
        }
        let columns = bicubic(
            grays, lines: picture.height, from: picture.width, to: width, stride: 1,
            lineStride: picture.width)
        let all = bicubic(
            columns, lines: width, from: picture.height, to: height, stride: width, lineStride: 1)
        // Lines along the columns came out one after the other.
        let values = (0..<height * width).map { all[$0 % width * height + $0 / width] }
        let least = values.min() ?? 0
        let range = (values.max() ?? 0) - least
        return values.map { range > 0 ? 2 * ($0 - least) / range - 1 : -1 }
    }
}

/// Resamples lines of `count` values to `newCount` by cubic convolution without smoothing, edges
/// repeated.
/// - Returns: [lines, newCount].
/// - Source: Keys, 1981, with a = −0.75 as in `torch.nn.functional.interpolate`.
private func bicubic(
    _ values: [Float], lines: Int, from count: Int, to newCount: Int, stride: Int, lineStride: Int
) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(lines * newCount)
    let scale = Float(count) / Float(newCount)
    for line in 0..<lines {
        for index in 0..<newCount {
            let place = (Float(index) + 0.5) * scale - 0.5
            let first = place.rounded(.down)
            var sum: Float = 0
            for tap in -1...2 {
                let at = min(max(Int(first) + tap, 0), count - 1)
                let weight = cubicWeight(abs(place - first - Float(tap)))
                sum += weight * values[line * lineStride + at * stride]
            }
            result.append(sum)
        }
    }
    return result
}

/// - Parameter x: 0 to 2.
private func cubicWeight(_ x: Float) -> Float {
    let a: Float = -0.75
    return x <= 1
        ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension Picture {
    /// The picture at another size, by Lanczos' filter with three lobes, widened where it shrinks so that
    /// nothing is skipped.
    ///
    /// Alpha is filtered like the other channels: composite the picture first. Both sides are at least
    /// 1 (trap).
    /// - Source: Pillow's `Image.resize` with `LANCZOS`, in float32 instead of fixed point: within a
    ///   grey level of it. Like there, what comes between the two directions is rounded to bytes.
    package func resized(width newWidth: Int, height newHeight: Int) -> Picture {
        guard newWidth != width || newHeight != height else { return self }
        let columns = Resampling(from: width, to: newWidth)
        let rows = Resampling(from: height, to: newHeight)
        // Rows first shrink or grow in width, one by one, then are weighed against each other.
        let lines = (0..<height).map { y in
            columns.line(pixels[y * width * channels..<(y + 1) * width * channels], channels)
        }
        var result: [UInt8] = []
        result.reserveCapacity(newWidth * newHeight * channels)
        for y in 0..<newHeight {
            let (first, weights) = rows.taps[y]
            for index in 0..<newWidth * channels {
                var sum: Float = 0
                for (tap, weight) in weights.enumerated() {
                    sum += weight * Float(lines[first + tap][index])
                }
                result.append(byte(sum))
            }
        }
        return Picture(width: newWidth, height: newHeight, channels: channels, pixels: result)
    }
}

private func byte(_ value: Float) -> UInt8 { UInt8(min(max(value.rounded(), 0), 255)) }

/// What each element of a line at its new length is made of.
private struct Resampling {
    /// The first old element and the weights from it on; the weights add up to 1.
    let taps: [(first: Int, weights: [Float])]

    private static let lobes = 3.0

    init(from old: Int, to new: Int) {
        let scale = Double(old) / Double(new)
        let stretch = max(scale, 1)
        let support = Self.lobes * stretch
        taps = (0..<new).map { index in
            let center = (Double(index) + 0.5) * scale
            let first = max(Int(center - support + 0.5), 0)
            let end = min(Int(center + support + 0.5), old)
            let weights = (first..<end).map { old in
                Self.lanczos((Double(old) + 0.5 - center) / stretch)
            }
            let sum = weights.reduce(0, +)
            return (first, weights.map { Float($0 / sum) })
        }
    }

    /// sinc(x) · sinc(x / 3) within −3…3.
    private static func lanczos(_ x: Double) -> Double {
        guard x != 0 else { return 1 }
        guard abs(x) < lobes else { return 0 }
        let angle = Double.pi * x
        return lobes * sin(angle) * sin(angle / lobes) / (angle * angle)
    }

    /// A line of interleaved channels at its new length.
    func line(_ old: ArraySlice<UInt8>, _ channels: Int) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(taps.count * channels)
        for (first, weights) in taps {
            for channel in 0..<channels {
                var sum: Float = 0
                for (tap, weight) in weights.enumerated() {
                    sum += weight * Float(old[old.startIndex + (first + tap) * channels + channel])
                }
                line.append(byte(sum))
            }
        }
        return line
    }
}

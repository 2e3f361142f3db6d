// Between the models' floating-point pixels and a picture's bytes.

/// The order of floating-point pixels in memory.
package enum PixelOrder: Sendable {
    /// [height, width, channels], as the layers keep them (NHWC).
    case interleaved
    /// [channels, height, width], as the models' own libraries keep them (NCHW).
    case planar
}

extension Picture {
    /// A picture of floating-point pixels, 0 black to 1 white.
    ///
    /// byte = round(clamp(x, 0, 1) · 255) in float32, ties to even; NaN becomes 0.
    /// - Parameter floats: height · width · channels values in `order`; traps on another count.
    /// - Source: diffusers, `VaeImageProcessor.numpy_to_pil`.
    package init(
        floats: Span<Float>, order: PixelOrder, width: Int, height: Int, channels: Int
    ) {
        let count = width * height
        precondition(floats.count == count * channels, "floats do not fill the picture")
        let bytes = [UInt8](unsafeUninitializedCapacity: count * channels) { out, written in
            switch order {
            case .interleaved:
                for index in 0..<count * channels {
                    out[index] = quantised(floats[index])
                }
            case .planar:
                for pixel in 0..<count {
                    for channel in 0..<channels {
                        out[pixel * channels + channel] = quantised(floats[channel * count + pixel])
                    }
                }
            }
            written = count * channels
        }
        self.init(width: width, height: height, channels: channels, pixels: bytes)
    }

    /// The pixels as float32, byte / 255, in `order`: height · width · channels values.
    package func floats(order: PixelOrder) -> [Float] {
        let count = width * height
        return [Float](unsafeUninitializedCapacity: pixels.count) { out, written in
            switch order {
            case .interleaved:
                for index in pixels.indices {
                    out[index] = Float(pixels[index]) / 255
                }
            case .planar:
                for pixel in 0..<count {
                    for channel in 0..<channels {
                        out[channel * count + pixel] =
                            Float(pixels[pixel * channels + channel]) / 255
                    }
                }
            }
            written = pixels.count
        }
    }
}

/// - Parameter rule: how what lies between two bytes becomes one of them.
func quantised(
    _ value: Float, _ rule: FloatingPointRoundingRule = .toNearestOrEven
) -> UInt8 {
    // The comparison is false for NaN.
    guard value > 0 else { return 0 }
    return UInt8((min(value, 1) * 255).rounded(rule))
}

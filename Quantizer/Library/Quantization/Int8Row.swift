/// One output's weights in int8, symmetric: weight = q · scale, |q| ≤ 127.
///
/// The scale is the one of least squared error among max|w| · c / 127 for c from 1 down to 0.85 in
/// steps of 1/80, each refined by least squares. All sums run in a fixed order, so the result is the
/// same on every machine.
enum Int8Row {
    /// Clip factors below 1 that are tried, in eightieths.
    private static let clipSteps = 12

    /// The scale for `weights`, all finite; 0 when all are zero.
    static func bestScale(_ weights: UnsafeBufferPointer<Float>) -> Float {
        var largest: Float = 0
        for value in weights { largest = max(largest, abs(value)) }
        // A row this small is lost in any type; its scale would be subnormal and its inverse infinite.
        guard largest > 1e-30 else { return 0 }
        var best = Candidate(weights, scale: largest / 127)
        for step in 1...clipSteps {
            let candidate = Candidate(weights, scale: largest * (1 - Float(step) / 80) / 127)
            if candidate.error < best.error { best = candidate }
        }
        // Weights whose squares overflow give no usable sums.
        return best.scale.isFinite && best.scale > 0 ? best.scale : largest / 127
    }

    /// Writes the integers nearest to `weights` / `scale` (zeros for a scale of 0).
    /// Returns the squared error that they leave.
    static func quantise(
        _ weights: UnsafeBufferPointer<Float>, scale: Float,
        into target: UnsafeMutableBufferPointer<Int8>
    ) -> Double {
        let inverse = scale > 0 ? 1 / scale : 0
        var error = 0.0
        var index = 0
        while index < weights.count {
            let weight = weights[index]
            let q = nearest(weight * inverse)
            target[index] = Int8(q)
            let difference = Double(weight - q * scale)
            error += difference * difference
            index &+= 1
        }
        return error
    }

    /// A scale to start from, refined to scale + Σeq/Σq² with e = w − q · scale, which takes
    /// (Σeq)²/Σq² off the squared error.
    private struct Candidate {
        let scale: Float
        let error: Float

        init(_ weights: UnsafeBufferPointer<Float>, scale: Float) {
            let inverse = 1 / scale
            var squares = SIMD8<Float>.zero
            var errors = SIMD8<Float>.zero
            var products = SIMD8<Float>.zero
            let raw = UnsafeRawBufferPointer(weights)
            let whole = weights.count & ~7
            var index = 0
            while index < whole {
                let weight = raw.loadUnaligned(
                    fromByteOffset: index &* 4, as: SIMD8<Float>.self)
                let q = nearest(weight * inverse)
                let error = weight - q * scale
                squares += q * q
                errors += error * error
                products += error * q
                index &+= 8
            }
            var tail = SIMD8<Float>.zero
            while index < weights.count {
                tail[index &- whole] = weights[index]
                index &+= 1
            }
            let q = nearest(tail * inverse)
            let error = tail - q * scale
            let square = (squares + q * q).sum()
            let product = (products + error * q).sum()
            let gain = product / square
            self.scale = scale + gain
            self.error = (errors + error * error).sum() - product * gain
        }
    }
}

/// Adding and taking away 1.5 · 2²³ rounds a float32 below 2²² to the nearest integer, ties to even,
/// on processors whose rounding instruction the compiler may not count on.
private let roundingShift: Float = 12_582_912

@inline(__always)
private func nearest(_ value: Float) -> Float {
    min(max((value + roundingShift) - roundingShift, -127), 127)
}

@inline(__always)
private func nearest(_ value: SIMD8<Float>) -> SIMD8<Float> {
    let rounded = (value + roundingShift) - roundingShift
    let low = rounded.replacing(with: -127, where: rounded .< -127)
    return low.replacing(with: 127, where: low .> 127)
}

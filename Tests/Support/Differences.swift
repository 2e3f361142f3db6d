#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// ‖a − b‖ / ‖b‖; infinite where the counts differ, not a number where a value is none.
package func relativeError(_ a: [Float], _ b: [Float]) -> Double {
    guard a.count == b.count else { return .infinity }
    return (squaredDistance(a, b) / b.reduce(0.0) { $0 + Double($1) * Double($1) }).squareRoot()
}

/// 20 · log₁₀(‖b‖ / ‖a − b‖) in decibels: how far the noise in `a` lies below the signal `b`.
package func signalToNoise(_ a: [Float], _ b: [Float]) -> Double {
    -20 * log10(relativeError(a, b))
}

/// 10 · log₁₀(peak² / mean squared difference) in decibels, both pictures clamped to 0…`peak`.
///
/// Infinite for equal pictures, −infinity where the counts differ.
package func peakSignalToNoise(_ a: [Float], _ b: [Float], peak: Float = 1) -> Double {
    guard a.count == b.count else { return -.infinity }
    let clamped = [a, b].map { $0.map { min(max($0, 0), peak) } }
    let mean = squaredDistance(clamped[0], clamped[1]) / Double(a.count)
    return 10 * log10(Double(peak) * Double(peak) / mean)
}

private func squaredDistance(_ a: [Float], _ b: [Float]) -> Double {
    var sum = 0.0
    for (x, y) in zip(a, b) {
        let difference = Double(x) - Double(y)
        sum += difference * difference
    }
    return sum
}

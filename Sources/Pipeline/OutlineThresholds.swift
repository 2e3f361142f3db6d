internal import Pictures

/// What Canny's detector takes for outlines: thresholds of |∂x| + |∂y| by Sobel's filters over gray.
public struct OutlineThresholds: Sendable, Hashable {
    /// Above it an outline goes on.
    public let low: Int
    /// Above it an outline begins.
    public let high: Int

    /// No gradient of 8-bit pixels is larger.
    private static let highest = 10_000

    /// - Parameters:
    ///   - low: 0 to `high`; nil comes back for others. 100 and 200 are usual.
    ///   - high: to 10000.
    public init?(low: Int, high: Int) {
        guard 0 <= low, low <= high, high <= Self.highest else { return nil }
        (self.low, self.high) = (low, high)
    }
}

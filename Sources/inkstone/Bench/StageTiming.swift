/// What one stage of a model took.
struct StageTiming {
    /// `text`, `unet`, `unet guided`, `decode`, `upscale`, `picture`.
    let stage: String
    /// The shape of what goes in, in words.
    let input: String
    /// Class and type of the weights.
    let weights: String
    /// From opening the bundle until the first run could begin.
    let loadSeconds: Double
    /// Each run.
    let seconds: [Double]
    /// Multiplications with an addition in one run.
    let multiplyAdds: Int
    let memory: MemoryPeak

    /// The middle run; the mean of the middle two of an even number.
    var median: Double {
        let sorted = seconds.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    /// 10⁹ operations a second in the median run; a multiply-add is two.
    var gigaflops: Double { 2 * Double(multiplyAdds) / median / 1e9 }
}

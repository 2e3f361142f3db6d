/// Where a sampler's timesteps lie among those of training: `timestep_spacing` worked out.
/// - Source: Lin et al., arXiv:2305.08891, table 2; numpy's arithmetic as diffusers 0.42.1 uses it.
struct TimestepGrid {
    /// Steps asked for, at least 1.
    var steps: Int
    /// Timesteps of training.
    var trained: Int
    var spacing: TimestepSpacing
    /// Added to `leading` timesteps only.
    var offset: Int
    /// Whether one point more is laid out and the lowest one then left out, as DPM-Solver does.
    var dropsLowest = false
    /// Whether `linspace` timesteps are whole numbers.
    var isWhole = true

    /// Timesteps in falling order. `trailing` may give one more than `steps`, by rounding.
    var timesteps: [Double] {
        let points = dropsLowest ? steps + 1 : steps
        switch spacing {
        case .linspace:
            let line = linspace(from: 0, through: Double(trained - 1), count: points)
            return (dropsLowest ? line.dropFirst() : line[...]).reversed().map { value in
                isWhole ? value.rounded(.toNearestOrEven) : Double(Float(value))
            }
        case .leading:
            let stride = trained / points
            let lowest = dropsLowest ? 1 : 0
            return (lowest..<points).reversed().map { Double($0 * stride + offset) }
        case .trailing:
            let stride = Double(trained) / Double(steps)
            let count = Int((Double(trained) / stride).rounded(.up))
            // numpy takes the stride back from the first two numbers of the row.
            let taken = Double(trained) - (Double(trained) - stride)
            return (0..<count).map { index in
                (Double(trained) - Double(index) * taken).rounded(.toNearestOrEven) - 1
            }
        }
    }
}

/// `count` numbers at equal distances, both ends included; `start` alone for a count of 1.
func linspace(from start: Double, through end: Double, count: Int) -> [Double] {
    guard count > 1 else { return [start] }
    let step = (end - start) / Double(count - 1)
    return (0..<count).map { index in
        index == count - 1 ? end : Double(index) * step + start
    }
}

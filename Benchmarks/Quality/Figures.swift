import Quantizer
import Tensors
import Terminal

/// All that one run measured.
struct Figures {
    /// What was measured with activations of one precision.
    struct Column {
        let precision: ActivationPrecision
        /// What the activations that meet quantised weights are: `q16`, `q8`, or `f32`.
        let name: String
        var quantities: [Quantity] = []
    }

    /// One network in one form: what its weights take on the disk, and what running it takes.
    struct Footprint {
        let name: String
        let weightBytes: Int
        let activationBytes: Int
        let residentBytes: Int?
    }

    /// The first is held to the bounds.
    var columns: [Column]
    var prompts: [String] = []
    var footprints: [Footprint] = []
    let threads: Int

    /// One column for each precision; floating-point weights meet float32 activations in all.
    init(type: WeightType, precisions: [ActivationPrecision], threads: Int) {
        self.threads = threads
        columns = precisions.map { precision in
            Column(precision: precision, name: type == .int8 ? precision.rawValue : "f32")
        }
    }

    /// What is wrong with the first column; empty if nothing is.
    var brokenBounds: [String] {
        columns[0].quantities.filter { !$0.isKept }.map { quantity in
            "\(quantity.name), \(columns[0].name): asked \(quantity.asked) dB, found "
                + "mean \(decibels(quantity.mean)), worst \(decibels(quantity.worst))"
        }
    }
}

/// One thing that is measured on several examples, in decibels.
struct Quantity {
    /// What is compared.
    let name: String
    /// `PSNR` or `SNR`.
    let measure: String
    /// What the mean and each value must reach, where something is asked.
    var leastMean: Double?
    var least: Double?
    /// One value for each example.
    var values: [Double] = []

    var mean: Double { values.reduce(0, +) / Double(values.count) }
    /// The smallest value; not a number if one is none.
    var worst: Double { values.contains(where: \.isNaN) ? .nan : values.min() ?? .nan }

    /// The bounds in words.
    var asked: String {
        let parts = [
            leastMean.map { "mean ≥ \(fixed($0, decimals: 0))" },
            least.map { "each ≥ \(fixed($0, decimals: 0))" },
        ]
        return parts.compactMap(\.self).joined(separator: ", ")
    }

    /// Whether every bound holds; a value that is not a number breaks each.
    var isKept: Bool {
        (leastMean.map { mean >= $0 } ?? true) && (least.map { worst >= $0 } ?? true)
    }
}

/// A figure as tables show it: decibels to a tenth.
func decibels(_ value: Double) -> String { fixed(value, decimals: 1) }

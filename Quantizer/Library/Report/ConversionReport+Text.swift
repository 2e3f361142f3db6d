import WeightStore

/// Sums over the tensors of one stage.
struct StageTotals {
    let stage: String
    let count: Int
    let before: Int
    let after: Int
}

extension ConversionReport {
    /// One line a stage, in the order of the stages.
    var totals: [StageTotals] {
        var order: [String] = []
        for tensor in tensors where order.last != tensor.stage { order.append(tensor.stage) }
        return order.map { stage in
            let own = tensors.filter { $0.stage == stage }
            return StageTotals(
                stage: stage, count: own.count, before: own.reduce(0) { $0 + $1.bytesBefore },
                after: own.reduce(0) { $0 + $1.bytesAfter })
        }
    }

    /// The tensors that lost most, worst first; those that lost nothing are left out.
    func worst(_ count: Int) -> [TensorReport] {
        let lossy = tensors.filter { $0.signalToNoise.isFinite }
        return Array(lossy.sorted { $0.signalToNoise < $1.signalToNoise }.prefix(count))
    }

    /// The tables for a terminal: bytes before and after, and the worst ten tensors.
    package func text() -> String {
        var lines = [row("stage", "tensors", "before", "after", "ratio")]
        let totals = totals
        for total in totals { lines.append(row(total)) }
        if totals.count > 1 {
            lines.append(
                row(
                    StageTotals(
                        stage: "all", count: totals.reduce(0) { $0 + $1.count },
                        before: totals.reduce(0) { $0 + $1.before },
                        after: totals.reduce(0) { $0 + $1.after })))
        }
        let worst = worst(10)
        if !worst.isEmpty {
            lines += ["", "lowest signal-to-noise ratios of weights"]
            for tensor in worst {
                let ratio = padded(fixed(tensor.signalToNoise, 1) + " dB", 9, right: true)
                let type = padded(tensor.type.rawValue, 5)
                lines.append("\(ratio)  \(type) \(tensor.stage).\(tensor.name)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func row(_ total: StageTotals) -> String {
        row(
            total.stage, String(total.count), sizeText(total.before), sizeText(total.after),
            fixed(100 * Double(total.after) / Double(max(total.before, 1)), 0) + " %")
    }

    private func row(
        _ stage: String, _ count: String, _ before: String, _ after: String, _ ratio: String
    ) -> String {
        padded(stage, 13) + padded(count, 8, right: true) + padded(before, 11, right: true)
            + padded(after, 11, right: true) + padded(ratio, 7, right: true)
    }
}

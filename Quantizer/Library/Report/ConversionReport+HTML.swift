import WeightStore

extension ConversionReport {
    /// A page that stands alone: totals, a plot of every tensor's signal-to-noise ratio, and the
    /// whole table.
    package func html() -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <title>\(escaped(name)) in \(type.rawValue)</title>
        <style>\(style)</style>
        </head>
        <body>
        <h1>\(escaped(name)) in \(type.rawValue)</h1>
        <table>
        <tr><th>stage<th>tensors<th>before<th>after<th>ratio</tr>
        \(totals.map(totalRow).joined(separator: "\n"))
        </table>
        <h2>Signal-to-noise ratio of the weights</h2>
        <p>10 · log₁₀(Σw² / Σ(w − stored)²), tensors in the order of their use. What lost nothing is
        not drawn.</p>
        \(SignalPlot(self).svg)
        <h2>All tensors</h2>
        <table>
        <tr><th>tensor<th>shape<th>type<th>before<th>after<th>dB</tr>
        \(tensors.map(tensorRow).joined(separator: "\n"))
        </table>
        </body>
        </html>

        """
    }

    private func totalRow(_ total: StageTotals) -> String {
        let ratio = fixed(100 * Double(total.after) / Double(max(total.before, 1)), 0)
        return "<tr><td>\(total.stage)<td>\(total.count)<td>\(sizeText(total.before))"
            + "<td>\(sizeText(total.after))<td>\(ratio) %</tr>"
    }

    private func tensorRow(_ tensor: TensorReport) -> String {
        let shape = tensor.shape.map(String.init).joined(separator: "×")
        return "<tr><td>\(escaped("\(tensor.stage).\(tensor.name)"))<td>\(shape)"
            + "<td>\(tensor.type.rawValue)<td>\(sizeText(tensor.bytesBefore))"
            + "<td>\(sizeText(tensor.bytesAfter))<td>\(fixed(tensor.signalToNoise, 1))</tr>"
    }
}

private let style = """
    :root { color-scheme: light dark; font: 14px/1.5 system-ui, sans-serif; }
    body { max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }
    table { border-collapse: collapse; }
    th, td { padding: .1rem .8rem; text-align: right; border-bottom: 1px solid #8884; }
    th:first-child, td:first-child { text-align: left; padding-left: 0; }
    td { font-variant-numeric: tabular-nums; }
    svg { width: 100%; height: auto; }
    svg text { fill: currentColor; font-size: 11px; }
    """

/// `text` so that a browser shows it and nothing else.
private func escaped(_ text: String) -> String {
    var result = ""
    for scalar in printable(text).unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}

/// Tensors from left to right in file order, decibels upwards, one colour a stage.
private struct SignalPlot {
    private static let width = 900.0
    private static let height = 260.0
    private static let left = 44.0
    private static let bottom = 24.0
    private static let colours = ["#c0392b", "#2471a3", "#229954", "#b9770e"]

    private let tensors: [(index: Int, report: TensorReport)]
    private let count: Int
    private let low: Double
    private let high: Double
    private let stages: [String]

    init(_ report: ConversionReport) {
        tensors = report.tensors.enumerated().compactMap { index, tensor in
            tensor.signalToNoise.isFinite ? (index, tensor) : nil
        }
        count = report.tensors.count
        stages = report.totals.map(\.stage)
        let values = tensors.map(\.report.signalToNoise)
        low = 10 * ((values.min() ?? 0) / 10).rounded(.down)
        high = max(10 * ((values.max() ?? 10) / 10).rounded(.up), low + 10)
    }

    var svg: String {
        guard !tensors.isEmpty else { return "<p>Nothing was lost.</p>" }
        let size = "0 0 \(fixed(Self.width, 0)) \(fixed(Self.height, 0))"
        return (["<svg viewBox=\"\(size)\" role=\"img\">"] + grid + dots + legend + ["</svg>"])
            .joined(separator: "\n")
    }

    private func x(_ index: Int) -> Double {
        Self.left + (Self.width - Self.left - 8) * (Double(index) + 0.5) / Double(count)
    }

    private func y(_ value: Double) -> Double {
        8 + (Self.height - Self.bottom - 8) * (high - value) / (high - low)
    }

    private var grid: [String] {
        stride(from: low, through: high, by: 10).map { value in
            let y = fixed(y(value), 1)
            return "<line x1=\"\(fixed(Self.left, 0))\" x2=\"\(fixed(Self.width - 8, 0))\" "
                + "y1=\"\(y)\" y2=\"\(y)\" stroke=\"#8886\"/>"
                + "<text x=\"0\" y=\"\(y)\" dy=\"4\">\(fixed(value, 0)) dB</text>"
        }
    }

    private var dots: [String] {
        tensors.map { index, tensor in
            "<circle cx=\"\(fixed(x(index), 1))\" cy=\"\(fixed(y(tensor.signalToNoise), 1))\" "
                + "r=\"2.5\" fill=\"\(colour(tensor.stage))\"><title>"
                + "\(escaped("\(tensor.stage).\(tensor.name)")): "
                + "\(fixed(tensor.signalToNoise, 1)) dB</title></circle>"
        }
    }

    private var legend: [String] {
        stages.enumerated().map { index, stage in
            let x = fixed(Self.left + 130 * Double(index), 0)
            return "<text x=\"\(x)\" y=\"\(fixed(Self.height - 4, 0))\" "
                + "style=\"fill:\(colour(stage))\">● \(stage)</text>"
        }
    }

    private func colour(_ stage: String) -> String {
        Self.colours[(stages.firstIndex(of: stage) ?? 0) % Self.colours.count]
    }
}

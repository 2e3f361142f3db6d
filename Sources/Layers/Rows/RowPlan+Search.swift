internal import Tensors

/// Finding the plan that computes least among those that fit.
///
/// A net falls into stretches between cuts: pictures that all later layers come from. What happens in
/// a stretch takes the same time and memory whatever happens elsewhere, so the best plan is a shortest
/// path over the cuts, a stretch an edge.
extension RowPlan {
    /// The fastest plan within the tiling's budget; the smallest one where none fits.
    init(_ graph: RowGraph, tiling: Tiling) {
        let ends = Self.ends(graph)
        let plans = tiling.candidates(width: graph.lastShape.width).map { pixels in
            let kept = Self.best(graph, ends, pixels, tiling.budget)
            return (pixels, RowPlan(graph, keeping: kept, pixels: pixels))
        }
        let fitting = plans.filter { $0.1.peakBytes <= tiling.budget }
        // Where few pixels are computed at a time, threads wait for each other and weights are read often.
        let fastest = fitting.min { Self.time($0) < Self.time($1) }
        let smallest = plans.min { $0.1.peakBytes < $1.1.peakBytes }
        guard let plan = fastest ?? smallest else { preconditionFailure("no plan") }
        self = plan.1
    }

    private static func time(_ candidate: (pixels: Int, plan: RowPlan)) -> Double {
        Double(candidate.plan.multiplyAdds) * (1 + 256 / Double(candidate.pixels))
    }

    /// A way through the net from the given picture to a cut.
    private struct Path {
        /// The pictures that are kept on it.
        var kept: Set<RowGraph.Index>
        var multiplyAdds = 0
        var peakBytes = 0

        /// The way through this stretch after the one before it.
        func after(_ path: Path) -> Path {
            Path(
                kept: kept.union(path.kept), multiplyAdds: multiplyAdds + path.multiplyAdds,
                peakBytes: max(peakBytes, path.peakBytes))
        }
    }

    /// A cut, and the stretches that end there, each with every choice of what is kept on it.
    private struct End<Stretch> {
        let cut: RowGraph.Index
        let stretches: [(start: RowGraph.Index, stretch: Stretch)]
    }

    /// Layers in a stretch, unless there is no shorter one.
    private static let longestStretch = 64

    private static func ends(_ graph: RowGraph) -> [End<RowPlan>] {
        let cuts = graph.cuts
        return cuts.map { end in
            let starts = cuts.filter { $0 < end }
            let near = starts.filter { end - $0 <= longestStretch }
            let stretches = (near.isEmpty ? starts.suffix(1) : near[...]).flatMap { start in
                choices(graph, from: start, to: end).map { kept in
                    (start, RowPlan(graph, keeping: kept, pixels: 1, from: start, to: end))
                }
            }
            return End(cut: end, stretches: stretches)
        }
    }

    /// The pictures to keep.
    private static func best(
        _ graph: RowGraph, _ ends: [End<RowPlan>], _ pixels: Int, _ budget: Int
    ) -> Set<RowGraph.Index> {
        let ends = ends.map { end in
            End(
                cut: end.cut,
                stretches: end.stretches.map { start, plan in
                    (
                        start,
                        Path(
                            kept: plan.kept, multiplyAdds: plan.multiplyAdds,
                            peakBytes: plan.at(pixels: pixels).peakBytes)
                    )
                })
        }
        let start = Path(kept: graph.anchors)
        let smallest = shortest(ends, from: start, within: .max) {
            ($0.peakBytes, $0.multiplyAdds) < ($1.peakBytes, $1.multiplyAdds)
        }
        let limit = max(budget, smallest?.peakBytes ?? 0)
        let fastest = shortest(ends, from: start, within: limit) {
            ($0.multiplyAdds, $0.peakBytes) < ($1.multiplyAdds, $1.peakBytes)
        }
        return fastest?.kept ?? start.kept
    }

    /// What may be kept on a stretch besides its end: nothing, or all that a norm reads.
    private static func choices(
        _ graph: RowGraph, from start: RowGraph.Index, to end: RowGraph.Index
    ) -> [Set<RowGraph.Index>] {
        let least = end == graph.last ? graph.anchors : graph.anchors.union([end])
        let normed = (start + 1..<end).filter { graph.isNormed[$0] }
        return normed.isEmpty ? [least] : [least, least.union(normed)]
    }

    private static func shortest(
        _ ends: [End<Path>], from start: Path, within limit: Int,
        isShorter: (Path, Path) -> Bool
    ) -> Path? {
        var best = [RowGraph.given: start]
        for end in ends where end.cut != RowGraph.given {
            best[end.cut] =
                end.stretches
                .filter { $0.stretch.peakBytes <= limit }
                .compactMap { start, path in best[start].map(path.after) }
                .min(by: isShorter)
        }
        return ends.last.flatMap { best[$0.cut] }
    }
}

extension RowGraph {
    /// The pictures that all later layers come from, anchors aside; the given and the last among them.
    var cuts: [Index] {
        var cuts: [Index] = []
        var earliest = last
        for index in nodes.indices.reversed() {
            if earliest >= index { cuts.append(index) }
            let sources = reach[index].sources.filter { !anchors.contains($0) }
            earliest = min(earliest, sources.min() ?? earliest)
        }
        return cuts.reversed()
    }
}

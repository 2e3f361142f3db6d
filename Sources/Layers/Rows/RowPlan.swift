internal import Tensors

/// In which passes a net is computed, and which of its pictures are kept whole in between.
///
/// A norm needs sums over all of its picture before the next layer can begin: a pass. What a pass reads
/// was kept, or is computed once more.
struct RowPlan {
    let graph: RowGraph
    /// The pictures that are kept, besides the given one.
    let kept: Set<RowGraph.Index>
    private(set) var passes: [RowPass]
    /// The target of the pass that reads a picture last, of those that are kept or given.
    private let lastUse: [RowGraph.Index: RowGraph.Index]

    /// The passes after picture `start`, which is there, up to picture `end`.
    init(
        _ graph: RowGraph, keeping kept: Set<RowGraph.Index>, pixels: Int,
        from start: RowGraph.Index = RowGraph.given, to end: RowGraph.Index? = nil
    ) {
        let end = end ?? graph.last
        self.graph = graph
        self.kept = kept
        let isThere = { (index: RowGraph.Index) in index == start || kept.contains(index) }
        let targets = (start + 1..<end + 1).filter {
            $0 == end || kept.contains($0) || graph.isNormed[$0]
        }
        var lastUse: [RowGraph.Index: RowGraph.Index] = [:]
        for target in targets {
            for source in graph.way(to: target, from: isThere).sources { lastUse[source] = target }
        }
        for anchor in graph.anchors where graph.lastReader[anchor] > end { lastUse[anchor] = .max }
        self.lastUse = lastUse
        passes = targets.map { target in
            RowPass(
                graph, to: target, from: isThere, expiring: { lastUse[$0] == target },
                pixels: pixels)
        }
    }

    /// The same plan with another number of pixels at a time.
    func at(pixels: Int) -> RowPlan {
        var plan = self
        plan.passes = passes.map { $0.at(pixels: pixels) }
        return plan
    }

    /// Multiply-adds of all passes.
    var multiplyAdds: Int {
        passes.reduce(0) { sum, pass in
            pass.members.reduce(sum) { $0 + graph.multiplyAdds($1) }
        }
    }

    /// About the most bytes of activations that exist at once.
    var peakBytes: Int { passes.map(peakBytes).max() ?? 0 }

    private func peakBytes(_ pass: RowPass) -> Int {
        let rows = pass.rowsAtOnce
        var growing = 0
        var passing = 0
        for member in pass.members {
            if member == pass.target && kept.contains(member) {
                growing = graph.wholeBytes(member)
            } else {
                passing += RowStore.bytes(
                    rows: rows[member].count, of: graph.nodes[member].shape,
                    type: graph.type(member), isWhole: false)
            }
        }
        // Of what expires, one row goes as another comes.
        let going = pass.expiring.reduce(0) { $0 + graph.wholeBytes($1) }
        let staying = lastUse.filter { index, target in
            index < pass.target && target >= pass.target && !pass.expiring.contains(index)
        }
        return staying.keys.reduce(passing + max(growing, going)) { $0 + graph.wholeBytes($1) }
            + Self.scratchBytes
    }

    /// An allowance for what the threads work in.
    private static let scratchBytes = 6 << 20
}

extension RowGraph {
    /// Bytes of a picture that is there as a whole.
    func wholeBytes(_ index: Index) -> Int {
        let shape = nodes[index].shape
        if index == Self.given { return shape.count * MemoryLayout<Float>.stride }
        return RowStore.bytes(rows: shape.height, of: shape, type: type(index), isWhole: true)
    }
}

internal import Tensors

/// One way down a picture: all of its rows are computed, some at a time, with the rows of those
/// before it that they need; each row once.
struct RowPass {
    let graph: RowGraph
    /// What the pass is for.
    let target: RowGraph.Index
    /// What is computed, in order; the target is the last.
    let members: [RowGraph.Index]
    /// The pictures that are there already, of which the pass reads.
    let sources: [RowGraph.Index]
    /// Those of `sources` that nobody reads later: their rows go as soon as they were read.
    let expiring: Set<RowGraph.Index>
    /// Rows of the target at a time.
    private(set) var step: Int
    /// Who reads a picture last within the pass: for each picture up to the target.
    private let lastReader: [RowGraph.Index]

    init(
        _ graph: RowGraph, to target: RowGraph.Index, from isThere: (RowGraph.Index) -> Bool,
        expiring isExpiring: (RowGraph.Index) -> Bool, pixels: Int
    ) {
        self.graph = graph
        self.target = target
        (members, sources) = graph.way(to: target, from: isThere)
        expiring = Set(sources.filter(isExpiring))
        step = Self.step(pixels, of: graph.nodes[target].shape)
        var lastReader = Array(repeating: -1, count: target + 1)
        for member in members {
            for source in graph.reach[member].sources { lastReader[source] = member }
        }
        self.lastReader = lastReader
    }

    /// The same pass with another number of pixels at a time.
    func at(pixels: Int) -> RowPass {
        var pass = self
        pass.step = Self.step(pixels, of: graph.nodes[target].shape)
        return pass
    }

    private static func step(_ pixels: Int, of shape: Shape) -> Int {
        min(max(pixels / max(shape.width, 1), 1), shape.height)
    }

    /// Where the pass takes rows from, where it puts them, and what it needs and gathers besides.
    struct Work {
        /// The stores of the sources.
        let sources: [RowGraph.Index: RowStore]
        /// The norms' coefficients, by the layer that reads through them.
        let coefficients: [RowGraph.Index: ScaleShift]
        /// Of the target.
        let sums: RowSums?
        /// Whether the target's rows stay.
        let isKept: Bool
        let executor: Executor
    }

    /// Runs the pass and returns the target's store, with all rows or none.
    /// - Parameter each: is given the target's rows as they are done.
    func run(
        _ work: Work, each: (RowStore, Range<Int>) throws -> Void = { _, _ in }
    ) rethrows -> RowStore {
        var stores = work.sources
        for member in members {
            stores[member] = RowStore(
                graph.nodes[member].shape, type: graph.type(member),
                isWhole: work.isKept && member == target, in: work.executor.workspace)
        }
        let height = graph.nodes[target].shape.height
        var needs = needs(of: 0)
        for first in stride(from: 0, to: height, by: step) {
            let next = first + step < height ? self.needs(of: first + step) : nil
            for member in members {
                compute(member, before: needs[member].upperBound, stores, work)
                for source in graph.reach[member].sources
                where lastReader[source] == member && isPassing(source) {
                    stores[source]?.discard(before: next?[source].lowerBound ?? .max)
                }
            }
            if let store = stores[target] {
                let rows = first..<min(first + step, height)
                try each(store, rows)
                if !work.isKept { store.discard(before: rows.upperBound) }
            }
            needs = next ?? needs
        }
        guard let result = stores[target] else { preconditionFailure("a pass without a target") }
        return result
    }

    /// The rows that exist at once in the midst of the pass, of each picture that is computed.
    var rowsAtOnce: [Range<Int>] {
        let height = graph.nodes[target].shape.height
        return needs(of: min(height / 2, height - step))
    }

    private func needs(of first: Int) -> [Range<Int>] {
        let height = graph.nodes[target].shape.height
        return graph.needs(
            of: first..<min(first + step, height), target: target, members: members)
    }

    private func isPassing(_ source: RowGraph.Index) -> Bool {
        !sources.contains(source) || expiring.contains(source)
    }

    private func compute(
        _ member: RowGraph.Index, before end: Int, _ stores: [RowGraph.Index: RowStore],
        _ work: Work
    ) {
        guard let layer = graph.nodes[member].layer, let store = stores[member],
            end > store.rows.upperBound
        else { return }
        let rows = store.rows.upperBound..<end
        store.reserve(before: end)
        layer.convolution.compute(
            rows, of: layer.inputs.compactMap { stores[$0] }, norm: work.coefficients[member],
            doubled: layer.doubled, activation: layer.activation,
            into: RowTarget(
                store: store,
                residuals: layer.residuals.compactMap { residual in
                    stores[residual.index].map { .init(x: $0, factor: residual.factor) }
                }, finish: layer.finish),
            on: work.executor)
        if member == target { work.sums?.add(rows, of: store, on: work.executor) }
    }
}

package import Tensors

extension RowGraph {
    /// The last picture of each image of `input`, [N, H, W, C], whole.
    package func callAsFunction(
        _ input: Tensor, tiling: Tiling, on executor: Executor
    ) -> Tensor {
        var shape = lastShape
        shape.images = input.shape.images
        let pictures = executor.tensor(shape)
        for image in 0..<shape.images {
            run(RowStore(input, image: image), tiling: tiling, on: executor) {
                pictures.set(row: $0, image: image, to: $1)
            }
        }
        return pictures
    }
}

extension RowGraph {
    /// Computes the last picture from the given one, row by row from the top.
    /// - Parameters:
    ///   - given: [1, H, W, C]; it is let go when it is not read any more.
    ///   - tiling: its budget is for all that the executor's workspace lends.
    ///   - each: is handed each row of the last picture, [W', C'], and its number.
    package func run(
        _ given: consuming RowStore, tiling: Tiling, on executor: Executor,
        each: (Int, Span<Float>) throws -> Void
    ) rethrows {
        var own = tiling
        let others = max(executor.workspace.bytesInUse - wholeBytes(Self.given), 0)
        own.budget -= min(others, own.budget)
        try run(plan(own, on: executor), given, on: executor, each: each)
    }

    private static let rehearsals = 4

    /// A plan that has been seen to keep to the budget, where one does.
    private func plan(_ tiling: Tiling, on executor: Executor) -> RowPlan {
        var estimated = tiling
        var plan = RowPlan(self, tiling: estimated)
        guard tiling.budget > 0 else { return plan }
        for _ in 0..<Self.rehearsals {
            let excess = peakBytes(of: plan, on: executor) - tiling.budget
            guard excess > 0, estimated.budget > 0 else { break }
            estimated.budget = max(estimated.budget - excess, 0)
            plan = RowPlan(self, tiling: estimated)
        }
        return plan
    }

    /// The most bytes of activations that a run takes, exactly.
    private func peakBytes(of plan: RowPlan, on executor: Executor) -> Int {
        let rehearsal = executor.rehearsal
        let given = RowStore(rehearsal.tensor(nodes[Self.given].shape))
        run(plan, given, on: rehearsal) { _, _ in }
        return rehearsal.workspace.peakBytes
    }

    private func run(
        _ plan: RowPlan, _ given: consuming RowStore, on executor: Executor,
        each: (Int, Span<Float>) throws -> Void
    ) rethrows {
        precondition(given.shape == nodes[Self.given].shape)
        var coefficients = firstCoefficients(given, on: executor)
        var stores = [Self.given: given]
        for pass in plan.passes {
            let isNormed = isNormed[pass.target]
            let work = RowPass.Work(
                sources: stores.filter { pass.sources.contains($0.key) },
                coefficients: coefficients,
                sums: isNormed
                    ? RowSums(channels: nodes[pass.target].shape.channels, on: executor)
                    : nil,
                isKept: plan.kept.contains(pass.target), executor: executor)
            for source in pass.expiring { stores[source] = nil }
            let store = try pass.run(work) { store, rows in
                if pass.target == last { try hand(rows, of: store, to: each) }
            }
            if work.isKept { stores[pass.target] = store }
            if let sums = work.sums {
                addCoefficients(of: pass.target, sums, &coefficients, executor)
            }
        }
    }

    /// Those of layers that read the given picture through a norm.
    private func firstCoefficients(
        _ given: RowStore, on executor: Executor
    ) -> [Index: ScaleShift] {
        var coefficients: [Index: ScaleShift] = [:]
        guard isNormed[Self.given] else { return coefficients }
        let sums = RowSums(channels: given.shape.channels, on: executor)
        sums.add(given.rows, of: given, on: executor)
        addCoefficients(of: Self.given, sums, &coefficients, executor)
        return coefficients
    }

    private func addCoefficients(
        of index: Index, _ sums: RowSums, _ coefficients: inout [Index: ScaleShift],
        _ executor: Executor
    ) {
        for reader in nodes.indices {
            guard let layer = nodes[reader].layer, let norm = layer.norm, layer.inputs == [index]
            else { continue }
            coefficients[reader] = sums.coefficients(
                of: norm, pixels: nodes[index].shape.pixels, on: executor)
        }
    }

    private func hand(
        _ rows: Range<Int>, of store: RowStore, to each: (Int, Span<Float>) throws -> Void
    ) rethrows {
        let count = store.shape.width * store.shape.channels
        // A rehearsal has nothing to hand over.
        guard store.isThere else { return }
        for row in rows {
            let values = UnsafeBufferPointer(
                start: store.pointer(row: row).assumingMemoryBound(to: Float.self), count: count)
            try each(row, values.span)
        }
    }
}

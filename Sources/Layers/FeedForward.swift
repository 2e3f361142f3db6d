internal import CKernels
package import Tensors

/// The gated feed-forward layer of a transformer block: x + W₂ · GEGLU(W₁ · norm(x)).
///
/// Tokens go through in small strips, so the wide inner activation never exists as a whole.
/// - Source: Shazeer, arXiv:2002.05202; diffusers' FeedForward with `geglu`.
package struct FeedForward: Sendable {
    let expand: Linear
    let contract: Linear
    let inner: Int

    /// Many tokens share each look at the weights; fewer where there would be too few strips for all
    /// threads.
    private static func tokensPerStrip(of tokens: Int) -> Int { tokens < 2048 ? 64 : 128 }

    /// Reads `name.net.0.proj` [2·inner, channels] and `name.net.2` [channels, inner].
    package init(
        _ name: String, channels: Int, inner: Int, from weights: WeightReader
    ) throws {
        expand = try Linear(
            name + ".net.0.proj", channels: channels, outputs: 2 * inner, from: weights)
        contract = try Linear(name + ".net.2", channels: inner, outputs: channels, from: weights)
        self.inner = inner
    }

    /// [N, T, C] → [N, T, C].
    package func callAsFunction(_ x: Tensor, norm: LayerNorm, on executor: Executor) -> Tensor {
        guard expand.lowRanks.isEmpty, contract.lowRanks.isEmpty else {
            return adapted(x, norm: norm, on: executor)
        }
        let y = executor.tensor(x.shape)
        let rows = x.shape.rows
        let strip = StripMemory(
            self, tokens: Self.tokensPerStrip(of: rows), channels: x.shape.channels, on: executor)
        let scratch = executor.scratch(bytesPerWorker: strip.bytes)
        executor.weights?.require([expand.matrix.range, contract.matrix.range])
        for matrix in [expand.matrix, contract.matrix] {
            executor.work?.add(
                matrix.workKind, rows * matrix.multiplyAddsPerRow,
                elements: rows * (matrix.channels + matrix.outputs))
        }
        let tasks = (rows + strip.tokens - 1) / strip.tokens
        executor.parallel.run(tasks: tasks) { task, worker in
            let first = task * strip.tokens
            run(
                x.pointer + first * x.shape.channels, norm: norm,
                rows: min(strip.tokens, rows - first),
                strip, memory: scratch.slice(worker: worker),
                into: y.pointer + first * x.shape.channels)
        }
        return y
    }

    private func run(
        _ x: UnsafePointer<Float>, norm: LayerNorm, rows: Int, _ strip: StripMemory,
        memory: UnsafeMutableRawPointer, into y: UnsafeMutablePointer<Float>
    ) {
        let channels = contract.outputs
        let gated = strip.floats(strip.gatedOffset, in: memory)
        ck_layer_norm(
            rows, channels, x, channels, norm.gamma.pointer, norm.beta.pointer, norm.epsilon,
            gated, channels)
        let wide = strip.floats(strip.wideOffset, in: memory)
        multiply(expand, gated, rows: rows, strip.narrowRows(in: memory), into: wide)
        ck_geglu(rows, inner, wide, 2 * inner, gated, inner)
        multiply(contract, gated, rows: rows, strip.innerRows(in: memory), into: y)
        ck_scale_add(rows * channels, x, 1, y)
    }

    private func multiply(
        _ layer: Linear, _ x: UnsafePointer<Float>, rows: Int, _ packed: PackedRows,
        into c: UnsafeMutablePointer<Float>
    ) {
        packed.pack(x, stride: packed.layout.channels, count: rows, at: 0)
        let window = ck_window(
            height: rows, width: 1, strip_width: 1, kernel_h: 1, kernel_w: 1, stride: 1,
            channels: packed.layout.stride)
        layer.matrix.multiply(
            packed, window: window, range: 0..<layer.matrix.panelCount,
            bias: layer.bias?.pointer, into: c)
    }

    /// Where a strip's buffers stand in a worker's scratch memory.
    private struct StripMemory {
        let tokens: Int
        let narrow: RowLayout
        let wide: RowLayout
        let wideOffset: Int
        let gatedOffset: Int
        private let packedOffset: Int
        private let scaleOffset: Int
        let bytes: Int

        init(_ layer: FeedForward, tokens: Int, channels: Int, on executor: Executor) {
            self.tokens = tokens
            narrow = RowLayout(
                [channels], format: RowFormat(for: layer.expand.matrix, on: executor))
            wide = RowLayout(
                [layer.inner], format: RowFormat(for: layer.contract.matrix, on: executor))
            let rows = tokens
            let size = MemoryLayout<Float>.stride
            wideOffset = 0
            gatedOffset = (rows * 2 * layer.inner * size).roundedUp(to: 64)
            packedOffset =
                gatedOffset + (rows * max(layer.inner, channels) * size).roundedUp(to: 64)
            scaleOffset =
                packedOffset + (rows * max(narrow.bytesPerRow, wide.bytesPerRow)).roundedUp(to: 64)
            bytes = scaleOffset + rows * max(narrow.scaleBytesPerRow, wide.scaleBytesPerRow)
        }

        func floats(
            _ offset: Int, in memory: UnsafeMutableRawPointer
        ) -> UnsafeMutablePointer<Float> {
            (memory + offset).assumingMemoryBound(to: Float.self)
        }

        func narrowRows(in memory: UnsafeMutableRawPointer) -> PackedRows {
            packed(narrow, in: memory)
        }

        func innerRows(in memory: UnsafeMutableRawPointer) -> PackedRows {
            packed(wide, in: memory)
        }

        private func packed(_ layout: RowLayout, in memory: UnsafeMutableRawPointer) -> PackedRows {
            PackedRows(
                layout: layout, capacity: tokens, data: memory + packedOffset,
                scales: memory + scaleOffset)
        }
    }
}

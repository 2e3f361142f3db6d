internal import CKernels
internal import Tensors

extension FeedForward {
    /// Tokens that go through at once.
    private static let tokensAtOnce = 1024

    /// The layer with what a LoRA adds: some tokens after the other, the wide activation of each part
    /// as a whole.
    func adapted(_ x: Tensor, norm: LayerNorm, on executor: Executor) -> Tensor {
        let y = executor.tensor(x.shape)
        let channels = x.shape.channels
        for first in stride(from: 0, to: x.shape.rows, by: Self.tokensAtOnce) {
            let tokens = min(Self.tokensAtOnce, x.shape.rows - first)
            let part = executor.tensor(Shape(images: 1, tokens: tokens, channels: channels))
            copy(x.pointer + first * channels, to: part.pointer, tokens * channels, on: executor)
            let wide = expand(part, norm: norm, on: executor)
            let gated = executor.tensor(part.shape.with(channels: inner))
            executor.parallel.run(tasks: tokens) { token, _ in
                ck_geglu(
                    1, inner, wide.pointer + token * 2 * inner, 2 * inner,
                    gated.pointer + token * inner, inner)
            }
            let sum = contract(gated, residual: Residual(part), on: executor)
            copy(sum.pointer, to: y.pointer + first * channels, tokens * channels, on: executor)
        }
        return y
    }

    private func copy(
        _ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, _ count: Int,
        on executor: Executor
    ) {
        executor.parallel.run(tasks: 1) { _, _ in target.update(from: source, count: count) }
    }
}

internal import CKernels
package import Tensors

/// Layer normalisation over the channels of each token.
///
/// y = (x − mean) / √(variance + epsilon) · gamma + beta.
/// - Source: Ba et al., arXiv:1607.06450; matches torch.nn.LayerNorm.
package struct LayerNorm: Sendable {
    let gamma: Vector
    let beta: Vector
    let epsilon: Float

    /// Reads `name.weight` and `name.bias`, both [channels].
    package init(
        _ name: String, channels: Int, epsilon: Float, from weights: WeightReader
    ) throws {
        gamma = try weights.vector(name + ".weight", count: channels)
        beta = try weights.vector(name + ".bias", count: channels)
        self.epsilon = epsilon
    }

    /// [N, T, C] → [N, T, C].
    package func callAsFunction(_ x: Tensor, on executor: Executor) -> Tensor {
        let y = executor.tensor(x.shape)
        let channels = x.shape.channels
        executor.parallel.run(tasks: x.shape.images) { image, _ in
            ck_layer_norm(
                x.shape.pixels, channels, x.pointer(image: image), channels, gamma.pointer,
                beta.pointer, epsilon, y.pointer(image: image), channels)
        }
        return y
    }
}

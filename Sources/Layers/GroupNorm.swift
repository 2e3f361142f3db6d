internal import CKernels
package import Tensors

/// Group normalisation, reduced to a scale and a shift per image and channel.
///
/// y = (x − mean) / √(variance + epsilon) · gamma + beta, over each (image, group).
/// The layer that reads the result applies the scale and shift while it packs its input, so the
/// normalised tensor is never stored.
/// - Source: Wu & He, arXiv:1803.08494; matches torch.nn.GroupNorm.
package struct GroupNorm: Sendable {
    package let channels: Int
    private let groups: Int
    private let gamma: Vector
    private let beta: Vector
    private let epsilon: Double

    /// Pixels whose sums are taken together: fixed, so that any number of threads gives the same bytes.
    private static let chunk = 512

    /// Reads `name.weight` and `name.bias`, both [channels]; channels is a multiple of `groups` (trap).
    package init(
        _ name: String, channels: Int, groups: Int, epsilon: Double, from weights: WeightReader
    ) throws {
        precondition(groups > 0 && channels % groups == 0)
        gamma = try weights.vector(name + ".weight", count: channels)
        beta = try weights.vector(name + ".bias", count: channels)
        self.channels = channels
        self.groups = groups
        self.epsilon = epsilon
    }

    /// The coefficients for `inputs`, concatenated along their channels; all have the same pixels.
    package func callAsFunction(
        _ inputs: [Tensor], thenSiLU silu: Bool, on executor: Executor
    ) -> ScaleShift {
        let shape = inputs[0].shape
        let chunks = (shape.pixels + Self.chunk - 1) / Self.chunk
        let sums = executor.workspace.take(
            bytes: shape.images * chunks * 2 * channels * MemoryLayout<Double>.stride)
        let base = sums.pointer.assumingMemoryBound(to: Double.self)
        executor.parallel.run(tasks: shape.images * chunks) { task, _ in
            addSums(
                inputs, image: task / chunks, chunk: task % chunks,
                into: base + task * 2 * channels)
        }
        let result = ScaleShift(
            images: shape.images, channels: channels, silu: silu, in: executor.workspace)
        executor.parallel.run(tasks: shape.images) { image, _ in
            reduce(
                base + image * chunks * 2 * channels, chunks: chunks, pixels: shape.pixels,
                scale: result.scale(image), shift: result.shift(image))
        }
        return result
    }

    private func addSums(
        _ inputs: [Tensor], image: Int, chunk: Int, into sums: UnsafeMutablePointer<Double>
    ) {
        sums.update(repeating: 0, count: 2 * channels)
        let first = chunk * Self.chunk
        var channel = 0
        for input in inputs {
            let count = input.shape.channels
            ck_channel_sums(
                min(Self.chunk, input.shape.pixels - first), count,
                input.pointer(image: image) + first * count, count, sums + channel,
                sums + channels + channel)
            channel += count
        }
    }

    /// Coefficients from sums over `pixels` pixels: `chunks` times Σ x [channels] and Σ x² [channels].
    func reduce(
        _ sums: UnsafeMutablePointer<Double>, chunks: Int, pixels: Int,
        scale: UnsafeMutablePointer<Float>, shift: UnsafeMutablePointer<Float>
    ) {
        let width = channels / groups
        let count = Double(pixels * width)
        for group in 0..<groups {
            var sum = 0.0
            var square = 0.0
            for chunk in 0..<chunks {
                let part = sums + chunk * 2 * channels
                for channel in group * width..<(group + 1) * width {
                    sum += part[channel]
                    square += part[channels + channel]
                }
            }
            let mean = sum / count
            let variance = max(square / count - mean * mean, 0)
            let inverse = 1 / (variance + epsilon).squareRoot()
            for channel in group * width..<(group + 1) * width {
                let factor = inverse * Double(gamma.pointer[channel])
                scale[channel] = Float(factor)
                shift[channel] = Float(Double(beta.pointer[channel]) - mean * factor)
            }
        }
    }
}

/// y = x · scale[image][channel] + shift[image][channel], then SiLU if asked: a norm ready to be applied.
package struct ScaleShift: Sendable {
    let silu: Bool
    private let channels: Int
    private let storage: Storage

    init(images: Int, channels: Int, silu: Bool, in workspace: Workspace) {
        self.silu = silu
        self.channels = channels
        storage = workspace.take(bytes: images * 2 * channels * MemoryLayout<Float>.stride)
    }

    func scale(_ image: Int) -> UnsafeMutablePointer<Float> {
        storage.pointer.assumingMemoryBound(to: Float.self) + image * 2 * channels
    }

    func shift(_ image: Int) -> UnsafeMutablePointer<Float> { scale(image) + channels }
}

internal import Layers
internal import Tensors

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The U-Net's sense of time: sinusoids of the timestep through two linear layers.
///
/// half = C/2, fᵢ = 10000^(−i / (half − shift)); [cos(t·f), sin(t·f)] (or sine first), then
/// linear_2(silu(linear_1(…))).
/// - Source: diffusers' get_timestep_embedding and TimestepEmbedding.
struct TimestepEmbedding: Sendable {
    private let channels: Int
    private let cosineFirst: Bool
    private let shift: Double
    private let linear1: Linear
    private let linear2: Linear

    init(
        _ name: String, channels: Int, outputs: Int, cosineFirst: Bool, shift: Double,
        from weights: WeightReader
    ) throws {
        self.channels = channels
        self.cosineFirst = cosineFirst
        self.shift = shift
        linear1 = try Linear(
            name + ".linear_1", channels: channels, outputs: outputs, from: weights)
        linear2 = try Linear(
            name + ".linear_2", channels: outputs, outputs: outputs, from: weights)
    }

    /// One timestep an image → silu of the embedding, [N, 1, 1, outputs]: what every block asks for.
    func callAsFunction(_ timesteps: [Float], on executor: Executor) -> Tensor {
        let half = channels / 2
        let logarithm = Float(log(10000.0))
        let frequencies = (0..<half).map { index -> Float in
            expf(-logarithm * Float(index) / Float(Double(half) - shift))
        }
        var values: [Float] = []
        for timestep in timesteps {
            let angles = frequencies.map { timestep * $0 }
            let sines = angles.map { sinf($0) }
            let cosines = angles.map { cosf($0) }
            values += cosineFirst ? cosines + sines : sines + cosines
            if channels % 2 == 1 { values.append(0) }
        }
        let shape = Shape(images: timesteps.count, tokens: 1, channels: channels)
        let sinusoids = Tensor(values, shape: shape, in: executor.workspace)
        let inner = linear1(sinusoids, activation: .silu, on: executor)
        return linear2(inner, activation: .silu, on: executor)
    }
}

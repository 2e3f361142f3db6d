import Layers
import TestSupport
import Tensors
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Norms as the layers behind them see their result, against the definition.
@Suite struct NormTests {
    /// Groups that lie within an input, and groups that span two.
    @Test(arguments: [[12], [8, 4], [5, 7], [1, 2, 9]], [false, true])
    func groupNormMatchesItsDefinition(_ parts: [Int], silu: Bool) throws {
        for (height, width) in [(1, 1), (3, 7), (23, 45)] {
            var weights = TinyWeights(.f32, seed: 21)
            weights.addNorm("norm", channels: 12)
            weights.addMatrix("conv", outputs: 6, channels: 12)
            let reader = try weights.reader()
            let norm = try GroupNorm(
                "norm", channels: 12, groups: 3, epsilon: 1e-3, from: reader)
            let layer = try Convolution(
                "conv", channels: 12, outputs: 6, window: .point, from: reader)
            let executor = try Arithmetic.f32.executor()
            let inputs = parts.enumerated().map { index, channels in
                Tensor(
                    random: Shape(images: 2, height: height, width: width, channels: channels),
                    seed: UInt64(index + height), on: executor)
            }
            let found = layer(
                inputs, norm: norm(inputs, thenSiLU: silu, on: executor), on: executor)
            let normalised = groupNorm(
                Tensor(concatenating: inputs, on: executor), groups: 3, epsilon: 1e-3, weights,
                silu: silu)
            let wanted = product(normalised, weights)
            #expect(relativeError(found.values, wanted) < 1e-6, "\(height)×\(width)")
        }
    }

    @Test(arguments: [1, 2, 37]) func layerNormMatchesItsDefinition(tokens: Int) throws {
        var weights = TinyWeights(.f32, seed: 22)
        weights.addNorm("norm", channels: 13)
        let norm = try LayerNorm(
            "norm", channels: 13, epsilon: 1e-3, from: weights.reader())
        let executor = try Arithmetic.f32.executor()
        let x = Tensor(
            random: Shape(images: 2, tokens: tokens, channels: 13), seed: 1, on: executor)
        // One group over one pixel.
        let pixels = Tensor(
            x.values, shape: Shape(images: 2 * tokens, tokens: 1, channels: 13),
            in: executor.workspace)
        let wanted = groupNorm(pixels, groups: 1, epsilon: 1e-3, weights, silu: false)
        #expect(relativeError(norm(x, on: executor).values, wanted.map { Float($0) }) < 1e-6)
    }

    private func groupNorm(
        _ x: Tensor, groups: Int, epsilon: Double, _ weights: TinyWeights, silu: Bool
    ) -> [Double] {
        let channels = x.shape.channels
        let width = channels / groups
        let values = x.values
        let gamma = weights.floats("norm.weight")
        let beta = weights.floats("norm.bias")
        var result = [Double](repeating: 0, count: values.count)
        for task in 0..<x.shape.images * groups {
            let (image, group) = (task / groups, task % groups)
            let members = (0..<x.shape.pixels).flatMap { pixel in
                let first = (image * x.shape.pixels + pixel) * channels + group * width
                return first..<first + width
            }
            let count = Double(members.count)
            let mean = members.reduce(0) { $0 + Double(values[$1]) } / count
            let variance =
                members.reduce(0) { $0 + (Double(values[$1]) - mean) * (Double(values[$1]) - mean) }
                / count
            for index in members {
                let unit = (Double(values[index]) - mean) / (variance + epsilon).squareRoot()
                let y = unit * Double(gamma[index % channels]) + Double(beta[index % channels])
                result[index] = silu ? y / (1 + exp(-y)) : y
            }
        }
        return result
    }

    private func product(_ x: [Double], _ weights: TinyWeights) -> [Float] {
        let matrix = weights.floats("conv.weight")
        let bias = weights.floats("conv.bias")
        let channels = matrix.count / bias.count
        return (0..<x.count / channels).flatMap { row in
            bias.indices.map { output in
                let sum = (0..<channels).reduce(Double(bias[output])) { sum, channel in
                    sum + x[row * channels + channel] * Double(matrix[output * channels + channel])
                }
                return Float(sum)
            }
        }
    }
}

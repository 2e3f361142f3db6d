import Layers
import Tensors
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Convolutions of all geometries and kinds of numbers against the definition, within the kernels' bounds.
@Suite struct ConvolutionTests {
    /// A picture's size and the window that walks over it.
    struct Case: CustomTestStringConvertible, Sendable {
        let height: Int
        let width: Int
        var kernel = 3
        var geometry = Geometry()
        var testDescription: String {
            let seen = geometry.upsampled.map { " seen as \($0.height)×\($0.width)" } ?? ""
            return "\(height)×\(width)\(seen), kernel \(kernel), stride \(geometry.stride), "
                + "padding \(geometry.before)+\(geometry.after)"
        }
    }

    private static let same = [
        (1, 1), (1, 7), (7, 1), (2, 2), (13, 11), (3, 300), (261, 2),
    ].map { Case(height: $0, width: $1) }

    private static let points = [(1, 1), (1, 37), (5, 61)].map {
        Case(height: $0, width: $1, kernel: 1, geometry: Geometry(before: 0, after: 0))
    }

    /// The U-Net's and the autoencoder's ways to halve a picture.
    private static let strided = [(1, 1), (1, 2), (5, 7), (8, 6)].flatMap { height, width in
        [(1, 1), (0, 1)].map {
            Case(
                height: max(height, 2 - $0), width: width,
                geometry: Geometry(stride: 2, before: $0, after: $1))
        }
    }.filter { $0.width >= 2 - $0.geometry.before }

    /// Doubled, and cut to an odd size.
    private static let upsampled = [(1, 1), (1, 3), (4, 7)].flatMap { height, width in
        [(0, 0), (1, 0), (0, 1), (1, 1)].map { cutHeight, cutWidth in
            Case(
                height: height, width: width,
                geometry: Geometry(
                    upsampled: (height: 2 * height - cutHeight, width: 2 * width - cutWidth)))
        }
    }

    static let cases = same + points + strided + upsampled
    private static let channels = [(1, 1), (3, 5), (17, 19), (20, 33), (68, 18)]

    @Test(arguments: cases, Arithmetic.allCases)
    func convolutionMatchesItsDefinition(_ test: Case, arithmetic: Arithmetic) throws {
        for (inputs, outputs) in Self.channels {
            var weights = TinyWeights(arithmetic.form, seed: UInt64(inputs))
            weights.addMatrix("conv", outputs: outputs, channels: inputs, kernel: test.kernel)
            let executor = try arithmetic.executor()
            let layer = try convolution(test, inputs, outputs, weights)
            let shape = Shape(
                images: 1, height: test.height, width: test.width, channels: inputs)
            let x = Tensor(random: shape, seed: 7, on: executor)
            let y = layer(x, upsampled: test.upsampled, on: executor)
            let expected = Estimate(
                of: x, groups: [inputs], weights: weights.floats("conv.weight"),
                bias: weights.floats("conv.bias"), kernel: test.kernel, geometry: test.geometry,
                arithmetic: arithmetic)
            let miss = expected.firstMiss(of: y.values)
            #expect(miss == nil, "\(inputs) to \(outputs) channels")
        }
    }

    /// Wide inputs, narrow ones of whole blocks of four, and inputs that end within a block.
    @Test(arguments: [[64, 64], [64, 32], [8, 4, 12], [5, 3], [4, 6, 2]], Arithmetic.allCases)
    func concatenatedInputsActAsOne(_ parts: [Int], arithmetic: Arithmetic) throws {
        let channels = parts.reduce(0, +)
        let test = Case(height: 6, width: 5)
        var weights = TinyWeights(arithmetic.form, seed: 3)
        weights.addMatrix("conv", outputs: 21, channels: channels, kernel: 3)
        let executor = try arithmetic.executor()
        let layer = try convolution(test, channels, 21, weights)
        let inputs = parts.enumerated().map { index, count in
            Tensor(
                random: Shape(images: 2, height: 6, width: 5, channels: count),
                seed: UInt64(index), on: executor)
        }
        let whole = Tensor(concatenating: inputs, on: executor)
        let apart = layer(inputs, on: executor).values
        let together = layer(whole, on: executor).values
        // Quantised inputs have a scale each, where they fill blocks and are wide.
        let scaledApart =
            parts.dropLast().allSatisfy { $0 % 4 == 0 } && parts.dropFirst().allSatisfy { $0 >= 64 }
            && arithmetic.halfStep > 0
        #expect((apart == together) == !scaledApart)
        let expected = Estimate(
            of: whole, groups: scaledApart ? parts : [channels],
            weights: weights.floats("conv.weight"), bias: weights.floats("conv.bias"), kernel: 3,
            geometry: Geometry(), arithmetic: arithmetic)
        #expect(expected.firstMiss(of: apart) == nil)
    }

    @Test(arguments: Arithmetic.allCases)
    func whatFollowsIsAppliedToEveryOutput(_ arithmetic: Arithmetic) throws {
        let test = Case(height: 7, width: 9)
        var weights = TinyWeights(arithmetic.form, seed: 4)
        weights.addMatrix("conv", outputs: 37, channels: 12, kernel: 3)
        weights.addVector("slope", count: 37)
        let executor = try arithmetic.executor(threads: 5)
        let layer = try convolution(test, 12, 37, weights)
        let slope = try weights.reader().vector("slope", count: 37)
        let shape = Shape(images: 2, height: 7, width: 9, channels: 12)
        let x = Tensor(random: shape, seed: 5, on: executor)
        let base = Tensor(random: shape.with(channels: 37), seed: 6, on: executor)
        let perImage = Tensor(
            random: Shape(images: 2, height: 1, width: 1, channels: 37), seed: 8, on: executor)
        let plain = layer([x], imageBias: perImage, on: executor).values
        for (activation, definition) in Self.activations(slope) {
            let found = layer(
                [x], imageBias: perImage, activation: activation,
                residual: Residual(base, factor: 0.25), on: executor
            ).values
            let residual = base.values
            let misses = found.indices.filter { index in
                let wanted =
                    0.25 * definition(Double(plain[index]), index % 37)
                    + Double(residual[index])
                // A few roundings of each term, and the kernels' approximations.
                return abs(Double(found[index]) - wanted) > 2e-6 * (1 + abs(Double(plain[index])))
            }
            #expect(misses.isEmpty, "\(activation)")
        }
        let unbiased = layer(x, on: executor).values
        let misses = unbiased.indices.filter { index in
            let bias = perImage.values[index / (7 * 9 * 37) * 37 + index % 37]
            return abs(unbiased[index] + bias - plain[index]) > 1e-5 * (1 + abs(plain[index]))
        }
        #expect(misses.isEmpty)
    }

    private typealias Definition = (_ x: Double, _ channel: Int) -> Double

    private static func activations(_ slope: Vector) -> [(Activation, Definition)] {
        let slopes = slope.values.map(Double.init)
        return [
            (.none, { x, _ in x }),
            (.silu, { x, _ in x / (1 + exp(-x)) }),
            (.gelu, { x, _ in 0.5 * x * (1 + erf(x / 2.0.squareRoot())) }),
            (.quickGELU, { x, _ in x / (1 + exp(-1.702 * x)) }),
            (.leakyReLU(slope: 0.2), { x, _ in x > 0 ? x : Double(Float(0.2)) * x }),
            (.prelu(slope), { x, channel in x > 0 ? x : slopes[channel] * x }),
        ]
    }

    private func convolution(
        _ test: Case, _ inputs: Int, _ outputs: Int, _ weights: TinyWeights
    ) throws -> Convolution {
        try Convolution(
            "conv", channels: inputs, outputs: outputs,
            window: Window(
                kernel: test.kernel, stride: test.geometry.stride, before: test.geometry.before,
                after: test.geometry.after),
            from: weights.reader())
    }
}

extension ConvolutionTests.Case {
    fileprivate var upsampled: Upsampled? {
        geometry.upsampled.map { Upsampled(height: $0.height, width: $0.width) }
    }
}

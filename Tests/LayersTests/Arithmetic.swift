import Tensors

/// The kinds of numbers that a product is computed in.
enum Arithmetic: CaseIterable {
    case f32, f16, q16, q8
    /// Integers and float16 weights, where a convolution is wide enough; else as f16.
    case halves
    /// Winograd's algorithm and int8 weights, where the convolution is of that kind; else as q16.
    case winograd

    /// How its weights are stored.
    var form: TinyWeights.Form {
        switch self {
        case .f32: .f32
        case .f16: .f16
        case .halves: .f16BesideInt8
        case .q16, .q8, .winograd: .int8
        }
    }

    /// Half the distance of two activations, as a part of the largest in their group.
    var halfStep: Double {
        switch self {
        case .f32, .f16, .winograd: 0
        case .q16, .halves: 0.5 / 2047
        case .q8: 0.5 / 127
        }
    }

    /// An executor that computes so.
    func executor(threads: Int = 2) throws -> Executor {
        try InstructionSet.selectFromEnvironment()
        return Executor(
            threads: threads, activation: self == .q8 ? .q8 : .q16,
            winograd: self == .winograd ? .always : .never,
            halfOperands: self == .halves ? .int16 : .float32)
    }
}

/// What exact arithmetic gives, and how far from it the kernels' promises let a result be.
struct Estimate {
    var values: [Double] = []
    var tolerances: [Double] = []

    /// Describes the first value that is too far off; nil when none is.
    func firstMiss(of found: [Float]) -> String? {
        guard found.count == values.count else {
            return "\(found.count) values instead of \(values.count)"
        }
        let miss = found.indices.first { index in
            // A value that is not a number is a miss, too.
            !(abs(Double(found[index]) - values[index]) <= tolerances[index])
        }
        return miss.map { index in
            "value \(index) is \(found[index]) instead of \(values[index]) ± \(tolerances[index])"
        }
    }
}

extension Estimate {
    /// A convolution of NHWC pictures by its definition.
    /// - Parameters:
    ///   - groups: channels that are quantised together.
    ///   - weights: [outputs, channels, kernel, kernel].
    init(
        of x: Tensor, groups: [Int], weights: [Float], bias: [Float], kernel: Int,
        geometry: Geometry, arithmetic: Arithmetic
    ) {
        let output = geometry.output(of: x.shape, kernel: kernel)
        let isWinograd = arithmetic == .winograd && geometry.suitsWinograd(kernel: kernel)
        let isNarrow = x.shape.channels < 64 || x.shape.channels % 4 != 0
        let arithmetic: Arithmetic =
            switch arithmetic {
            case .winograd where !isWinograd: .q16
            case .halves where isNarrow: .f16
            default: arithmetic
            }
        let spread = isWinograd ? Self.winogradTolerance(x, weights: weights) : 0
        let window = PixelWindow(
            values: x.values,
            errors: Self.quantisationErrors(x, groups: groups, arithmetic: arithmetic),
            channels: x.shape.channels, taps: kernel * kernel)
        for place in 0..<x.shape.images * output.height * output.width {
            let image = place / (output.height * output.width)
            let top = place / output.width % output.height * geometry.stride
            let left = place % output.width * geometry.stride
            let pixels = (0..<kernel * kernel).map { tap in
                geometry.pixel(top + tap / kernel, left + tap % kernel, in: x.shape)
                    .map { image * x.shape.pixels + $0 }
            }
            for (index, offset) in bias.enumerated() {
                let row = Array(weights[index * window.length..<(index + 1) * window.length])
                let (value, tolerance) = window.product(
                    pixels, row, roundedIn: arithmetic == .halves ? groups : [], bias: offset)
                values.append(value)
                tolerances.append(tolerance + spread)
            }
        }
    }

    /// The promise of winograd.h for the largest of the activations and weights everywhere. Transforms
    /// of ones by the matrices' magnitudes multiply to (10, 30, 30, 42, 42, 10) along a side, which the
    /// fourth row of Aᵀ sums up to 288.
    private static func winogradTolerance(_ x: Tensor, weights: [Float]) -> Double {
        let activation = x.values.map { abs(Double($0)) }.max() ?? 0
        let weight = weights.map { abs(Double($0)) }.max() ?? 0
        let channels = Double(x.shape.channels)
        let sum = 288 * 288 / 36 * channels * activation * weight
        // Half a step of the transformed input, where the selected instruction set rounds it.
        return ((channels + 24) * 0x1p-24 + 0.5 / 10783) * sum
    }

    /// How far each activation may be from its quantised form.
    private static func quantisationErrors(
        _ x: Tensor, groups: [Int], arithmetic: Arithmetic
    ) -> [Double] {
        let values = x.values
        var errors: [Double] = []
        for pixel in 0..<x.shape.rows {
            var first = pixel * x.shape.channels
            for group in groups {
                let largest = values[first..<first + group].map { abs(Double($0)) }.max() ?? 0
                errors += Array(repeating: largest * arithmetic.halfStep, count: group)
                first += group
            }
        }
        return errors
    }
}

/// The activations that a convolution's window is moved over.
private struct PixelWindow {
    let values: [Float]
    let errors: [Double]
    let channels: Int
    let taps: Int

    /// Weights of one output.
    var length: Int { channels * taps }

    /// One output at one place, and how far the kernels may be from it.
    /// - Parameters:
    ///   - pixels: the pixel at each tap, or nil for padding.
    ///   - weights: [channels, taps].
    ///   - groups: channels whose weights at a tap are rounded together; empty where none are.
    func product(
        _ pixels: [Int?], _ weights: [Float], roundedIn groups: [Int], bias: Float
    ) -> (value: Double, tolerance: Double) {
        var sum = Double(bias)
        var magnitude = abs(sum)
        var error = 0.0
        for (tap, pixel) in pixels.enumerated() {
            guard let pixel else { continue }
            for channel in 0..<channels {
                let weight = Double(weights[channel * taps + tap])
                let part = weight * Double(values[pixel * channels + channel])
                sum += part
                magnitude += abs(part)
                error += abs(weight) * errors[pixel * channels + channel]
            }
            error += roundings(pixel, weights, tap: tap, groups: groups)
        }
        // The promise of gemm.h, and a little for the roundings of quantisation's scales.
        return (sum, error * 1.001 + Double(length + 8) * 0x1p-23 * magnitude)
    }

    /// What rounding the weights of a tap may change, by the formula of gemm.h.
    private func roundings(_ pixel: Int, _ weights: [Float], tap: Int, groups: [Int]) -> Double {
        var first = 0
        return groups.reduce(0) { sum, group in
            let channels = first..<first + group
            first += group
            let largest = channels.map { abs(Double(weights[$0 * taps + tap])) }.max() ?? 0
            let activations = channels.reduce(0) { sum, channel in
                let place = pixel * self.channels + channel
                return sum + abs(Double(values[place])) + errors[place]
            }
            let most = min(8191, Double(Int32.max / Int32(2047 * group)))
            return sum + activations * largest * (0.5 / most + 0x1p-22)
        }
    }
}

/// How a convolution's window walks.
struct Geometry {
    var stride = 1
    var before = 1
    var after = 1
    /// The size that the input is seen at, if nearest neighbour doubles it first.
    var upsampled: (height: Int, width: Int)?

    func suitsWinograd(kernel: Int) -> Bool {
        kernel == 3 && stride == 1 && before == 1 && after == 1
    }

    /// The height and width of what comes out.
    func output(of shape: Shape, kernel: Int) -> (height: Int, width: Int) {
        let height = (upsampled?.height ?? shape.height) + before + after - kernel
        let width = (upsampled?.width ?? shape.width) + before + after - kernel
        return (height / stride + 1, width / stride + 1)
    }

    /// The input's pixel at a place that counts the padding; nil in the padding.
    func pixel(_ y: Int, _ x: Int, in shape: Shape) -> Int? {
        let (y, x) = (y - before, x - before)
        let (height, width) = upsampled ?? (shape.height, shape.width)
        guard y >= 0, y < height, x >= 0, x < width else { return nil }
        return upsampled == nil ? y * shape.width + x : y / 2 * shape.width + x / 2
    }
}

extension Tensor {
    /// Made-up activations.
    init(random shape: Shape, seed: UInt64, on executor: Executor) {
        var random = SmallRandom(seed: seed)
        self.init(
            (0..<shape.count).map { _ in random.activation() }, shape: shape,
            in: executor.workspace)
    }

    /// The channels of `parts` side by side.
    init(concatenating parts: [Tensor], on executor: Executor) {
        let shape = parts[0].shape.with(channels: parts.reduce(0) { $0 + $1.shape.channels })
        let values = parts.map(\.values)
        let joined = (0..<shape.rows).flatMap { row in
            zip(parts, values).flatMap { part, values in
                values[row * part.shape.channels..<(row + 1) * part.shape.channels]
            }
        }
        self.init(joined, shape: shape, in: executor.workspace)
    }

    /// One image of a batch.
    func image(_ index: Int, on executor: Executor) -> Tensor {
        var one = shape
        one.images = 1
        let all = values
        return Tensor(
            Array(all[index * one.count..<(index + 1) * one.count]), shape: one,
            in: executor.workspace)
    }
}

import Layers
import TestSupport
import WeightStore

/// Weights of a few layers, made up and stored as a bundle stores them.
///
/// Every number is a sum of few powers of two, so its int8, float16 and float32 forms are equal: what
/// differs between the types is only how activations are rounded and sums are ordered.
struct TinyWeights {
    enum Form: CaseIterable {
        case f32, f16, int8
        /// float16, where another tensor of the file is int8.
        case f16BesideInt8
    }

    private var plan: [PlannedTensor] = []
    private var contents: [[UInt8]] = []
    private var values: [String: [Float]] = [:]
    private var random: SmallRandom
    private let form: Form

    init(_ form: Form, seed: UInt64) {
        self.form = form
        random = SmallRandom(seed: seed)
        if form == .f16BesideInt8 {
            let packed = Packing(outputs: 1, channels: 1, taps: 1)
            append("other.weight", .i8, .panel4x8, [1, 1], packed.panel4x8([1]))
            append("other.weight_scale", .f32, [1], [Float(1)])
        }
    }

    /// A weight [outputs, channels] or, with a kernel above 1, [outputs, channels, kernel, kernel], and
    /// its bias.
    mutating func addMatrix(
        _ name: String, outputs: Int, channels: Int, kernel: Int = 1, bias: Bool = true
    ) {
        let shape = kernel == 1 ? [outputs, channels] : [outputs, channels, kernel, kernel]
        let scales = (0..<outputs).map { _ in random.scale() }
        let taps = kernel * kernel
        let quanta = (0..<outputs * channels * taps).map { _ in random.quantum() }
        let floats = quanta.indices.map { Float(quanta[$0]) * scales[$0 / (channels * taps)] }
        values[name + ".weight"] = floats
        let packed = Packing(outputs: outputs, channels: channels, taps: taps)
        switch form {
        case .f32:
            append(
                name + ".weight", .f32, .panel16, shape, packed.panel16(floats, depthMultiple: 1))
        case .f16, .f16BesideInt8:
            append(
                name + ".weight", .f16, .panel16, shape,
                packed.panel16(floats.map { Float16($0).bitPattern }, depthMultiple: 2))
        case .int8:
            append(name + ".weight", .i8, .panel4x8, shape, packed.panel4x8(quanta))
            append(name + ".weight_scale", .f32, [outputs], scales)
        }
        if bias { addVector(name + ".bias", count: outputs) }
    }

    /// A float32 vector: a bias, a norm's factors.
    mutating func addVector(_ name: String, count: Int) {
        let floats = (0..<count).map { _ in random.value() }
        values[name] = floats
        append(name, .f32, [count], floats)
    }

    /// Rows to pick from: float32, or float16 where the weights are no float32.
    mutating func addTable(_ name: String, rows: Int, channels: Int) {
        let floats = (0..<rows * channels).map { _ in random.value() }
        values[name] = floats
        let shape = [rows, channels]
        if form == .f32 {
            append(name, .f32, shape, floats)
        } else {
            append(name, .f16, shape, floats.map { Float16($0).bitPattern })
        }
    }

    /// A norm's two vectors.
    mutating func addNorm(_ name: String, channels: Int) {
        addVector(name + ".weight", count: channels)
        addVector(name + ".bias", count: channels)
    }

    /// The numbers of a tensor in its true shape.
    func floats(_ name: String) -> [Float] { values[name] ?? [] }

    /// The weights as layers read them.
    func reader() throws -> WeightReader {
        try withTemporaryFolder { folder in
            let path = folder + "/weights.safetensors"
            let writer = try WeightFileWriter(path: path, plan: plan)
            for (tensor, bytes) in zip(plan, contents) {
                try bytes.withUnsafeBytes { try writer.appendTensor(tensor.name, $0) }
            }
            _ = try writer.finish()
            return WeightReader(try WeightFile(path: path))
        }
    }

    private mutating func append<Element: BitwiseCopyable>(
        _ name: String, _ type: DataType, _ shape: [Int], _ elements: [Element]
    ) {
        append(name, type, Layout.ofTable(type: type, shape: shape), shape, elements)
    }

    private mutating func append<Element: BitwiseCopyable>(
        _ name: String, _ type: DataType, _ layout: Layout, _ shape: [Int], _ elements: [Element]
    ) {
        plan.append(PlannedTensor(name: name, type: type, layout: layout, trueShape: shape))
        contents.append(elements.withUnsafeBytes(Array.init))
    }
}

/// The panel orders of docs/bundle-format.md, element by element.
private struct Packing {
    let outputs: Int
    let channels: Int
    let taps: Int

    func panel16<Element: ExpressibleByIntegerLiteral>(
        _ weights: [Element], depthMultiple: Int
    ) -> [Element] {
        let depth = roundUp(taps * channels, depthMultiple)
        var panels = [Element](repeating: 0, count: roundUp(outputs, 16) * depth)
        forEachWeight { index, output, tap, channel in
            let k = tap * channels + channel
            panels[(output / 16 * depth + k) * 16 + output % 16] = weights[index]
        }
        return panels
    }

    func panel4x8(_ weights: [Int8]) -> [Int8] {
        let stride = roundUp(channels, 4)
        let depth = roundUp(taps * stride, 8)
        var panels = [Int8](repeating: 0, count: roundUp(outputs, 8) * depth)
        forEachWeight { index, output, tap, channel in
            let k = tap * stride + channel
            panels[output / 8 * depth * 8 + k / 4 * 32 + output % 8 * 4 + k % 4] = weights[index]
        }
        return panels
    }

    private func forEachWeight(
        _ body: (_ index: Int, _ output: Int, _ tap: Int, _ channel: Int) -> Void
    ) {
        for output in 0..<outputs {
            for channel in 0..<channels {
                for tap in 0..<taps {
                    body((output * channels + channel) * taps + tap, output, tap, channel)
                }
            }
        }
    }

    private func roundUp(_ value: Int, _ multiple: Int) -> Int {
        (value + multiple - 1) / multiple * multiple
    }
}

/// A small generator of test numbers: the same everywhere for a seed.
struct SmallRandom {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64.
    private mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// −127…127.
    mutating func quantum() -> Int8 { Int8(Int(next() % 255) - 127) }

    /// A power of two from 2⁻¹¹ to 2⁻⁸.
    mutating func scale() -> Float { Float(1 << (next() % 4)) / 2048 }

    /// −2…2 in steps of 1/64, which 8 bits hold.
    mutating func value() -> Float { Float(quantum()) / 64 }

    /// −4…4, with all bits of a float32.
    mutating func activation() -> Float {
        Float(Int64(bitPattern: next() >> 16) - (1 << 47)) / Float(1 << 45)
    }
}

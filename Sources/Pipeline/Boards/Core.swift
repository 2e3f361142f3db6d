internal import Tensors

/// A processor's core: what the time of the kernels' inner loops depends on.
struct Core: Sendable {
    let name: String
    /// How activations are quantised that multiply int8 weights: 8 bits where there are dot products.
    let activation: ActivationPrecision
    /// Which convolutions go by Winograd's algorithm, and what those multiply.
    let winograd: WinogradUse
    let winogradOperands: ProductOperands
    /// What convolutions of float16 weights multiply: the kinds of cores that multiply int16 faster than
    /// float32 do so in Winograd's way too.
    var halfOperands: ProductOperands { winogradOperands }
    /// Multiply-adds a cycle of the inner loop of each kind of work.
    private let rates: [WorkKind: Double]

    /// How a core computes Winograd's convolutions.
    private struct Winograd {
        /// Of their products.
        let rate: Double
        let operands: ProductOperands
    }

    /// - Parameters:
    ///   - int8: of the tile that multiplies int8 weights.
    ///   - float: of the float32 tile.
    ///   - winograd: nil where Winograd's convolutions are not used.
    ///   - attention: of float32 attention's two products.
    ///   - attentionInt8: of theirs in 8 bits; nil where they are not used.
    private init(
        _ name: String, _ activation: ActivationPrecision, int8: Double, float: Double,
        winograd: Winograd?, attention: Double, attentionInt8: Double?
    ) {
        self.name = name
        self.activation = activation
        self.winograd = winograd == nil ? .never : .fromTiles(16)
        winogradOperands = winograd?.operands ?? .float32
        // Both are counted as the direct sum, of which they do a quarter.
        rates = [
            .int8: int8, .float: float, .attention: attention, .doubled: 4 * int8,
            .winograd: 4 * (winograd?.rate ?? 0), .attentionIntegers: attentionInt8 ?? 0,
        ]
    }

    /// What the kernels take of the time of their inner loops, and what an element that goes into a
    /// product or comes out of it costs, in float32 multiply-adds: fitted to the stages of full-size
    /// models, measured on x86 with 12-bit and with 8-bit activations (`docs/boards.md`).
    private static let kernelCycles = 1.3
    private static let multiplyAddsPerElement = 80.0

    /// The cycles of one core for so much work.
    func cycles(_ work: Work) -> Double {
        let loops = work.multiplyAdds.reduce(0) { sum, work in
            sum + Double(work.value) / rate(work.key)
        }
        return Self.kernelCycles * loops
            + Self.multiplyAddsPerElement * Double(work.elements) / rate(.float)
    }

    /// Multiply-adds a cycle; traps for kinds that the core has no use for.
    func rate(_ kind: WorkKind) -> Double {
        guard let rate = rates[kind], rate > 0 else {
            preconditionFailure("\(name) has no use for \(kind)")
        }
        return rate
    }

    // ARM: llvm-mca's cycles of the compiled loops, docs/neon.md; attention's by the rows of 320
    // multiply-adds, A76 by Neoverse N1's model.
    static let cortexA53 = Core(
        "Cortex-A53", .q16, int8: 2.59, float: 2.52,
        winograd: Winograd(rate: 1.32, operands: .float32), attention: 2.52, attentionInt8: nil)
    static let cortexA72 = Core(
        "Cortex-A72", .q16, int8: 4, float: 4, winograd: Winograd(rate: 4, operands: .float32),
        attention: 4, attentionInt8: nil)
    static let cortexA76 = Core(
        "Cortex-A76", .q8, int8: 32, float: 8, winograd: nil, attention: 8, attentionInt8: 32)
    // By hand: two pipelines of 128 bits for `vpdpbusd`, `vpdpwssd` and `vfmadd`.
    static let gracemont = Core(
        "Gracemont", .q8, int8: 32, float: 8, winograd: Winograd(rate: 16, operands: .int16),
        attention: 8, attentionInt8: 32)
}

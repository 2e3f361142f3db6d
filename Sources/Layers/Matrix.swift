internal import CKernels
internal import Tensors
internal import WeightStore

/// The weights of a linear layer or a convolution: panels in mapped memory, ready for the kernels.
package struct Matrix: @unchecked Sendable {
    // The pointers go into a read-only mapping that `owner` keeps alive.
    enum Panels {
        case f32(ck_panels_f32)
        case f16(ck_panels_f16)
        case q8(ck_panels_q8)
    }

    /// Outputs (rows of the weight matrix).
    package let outputs: Int
    /// Input channels of one tap.
    package let channels: Int
    /// Height and width of the window; 1 for a matrix.
    package let kernel: Int
    let panels: Panels
    /// Whether activations may be rounded to 12 bits for weights in float16: those of a convolution in a
    /// network of int8 weights, whose activations are rounded everywhere else.
    let mayMeetIntegers: Bool
    /// The panels' place in the weight file.
    let range: Range<Int>
    private let owner: MappedFile

    /// Multiply-adds for one output row.
    package var multiplyAddsPerRow: Int { outputs * channels * kernel * kernel }

    var isFloat32: Bool { if case .f32 = panels { true } else { false } }

    /// What products with it are by the direct way.
    var workKind: WorkKind { isInt8 ? .int8 : .float }

    var isInt8: Bool { if case .q8 = panels { true } else { false } }

    /// Outputs in a panel.
    var panelWidth: Int {
        if case .q8 = panels { Int(CK_PANEL_Q8) } else { Int(CK_PANEL_FLOAT) }
    }

    /// Panels that no task should divide: the widest tile of the kernels has 64 outputs of int8
    /// weights, or 32 of others.
    var panelsPerTile: Int { (isInt8 ? 64 : 32) / panelWidth }

    /// Bytes of a panel, filling apart.
    var bytesPerPanel: Int {
        let size =
            switch panels {
            case .f32: 4
            case .f16: 2
            case .q8: 1
            }
        return channels * kernel * kernel * panelWidth * size
    }

    var panelCount: Int { (outputs + panelWidth - 1) / panelWidth }

    // Fewer take no time worth saving, and float16 panels do not fill up a tap's channels.
    private static let fewestChannelsOfIntegers = 64

    /// - Parameter besideInt8: what `mayMeetIntegers` says of float16 weights.
    init(
        _ stored: StoredTensor, scale: Vector?, kernel: Int, besideInt8: Bool,
        unsuitable: (String) -> LayerError
    ) throws {
        outputs = stored.shape[0]
        channels = stored.shape[1]
        self.kernel = kernel
        range = stored.range
        owner = stored.owner
        mayMeetIntegers =
            besideInt8 && stored.type == .f16 && channels >= Self.fewestChannelsOfIntegers
            && channels % Int(CK_BLOCK_Q8) == 0
        let taps = kernel * kernel
        switch (stored.type, stored.layout) {
        case (.f32, .panel16):
            panels = .f32(
                ck_panels_f32(
                    data: stored.pointer.assumingMemoryBound(to: Float.self),
                    n: outputs, k: taps * channels))
        case (.f16, .panel16):
            panels = .f16(
                ck_panels_f16(
                    data: stored.pointer.assumingMemoryBound(to: UInt16.self),
                    n: outputs, k: taps * channels))
        case (.i8, .panel4x8):
            guard let scale else { throw unsuitable("int8 panels with scales") }
            panels = .q8(
                ck_panels_q8(
                    data: stored.pointer.assumingMemoryBound(to: Int8.self), scale: scale.pointer,
                    n: outputs, k: taps * channels.roundedUp(to: Int(CK_BLOCK_Q8))))
        default:
            throw unsuitable("panels")
        }
    }
}

/// Float32 values in mapped memory: a bias, a norm's weight, scales.
package struct Vector: @unchecked Sendable {
    package let count: Int
    let pointer: UnsafePointer<Float>
    private let owner: MappedFile

    init(_ stored: StoredTensor, count: Int) {
        self.count = count
        pointer = stored.pointer.assumingMemoryBound(to: Float.self)
        owner = stored.owner
    }

    /// The values.
    package var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
}

extension Int {
    func roundedUp(to multiple: Int) -> Int { (self + multiple - 1) / multiple * multiple }
}

internal import CKernels

/// What every layer runs on: the threads, the activation memory, the precision of quantised activations.
package struct Executor: Sendable {
    package private(set) var parallel: Parallel
    package let workspace: Workspace
    /// How activations are quantised that multiply int8 weights: what the processor does best.
    package let activation: ActivationPrecision
    /// Which 3×3 convolutions of int8 weights go by Winograd's algorithm.
    package let winograd: WinogradUse
    /// What those convolutions multiply.
    package let winogradOperands: ProductOperands
    /// What convolutions of float16 weights multiply where the network's others are int8.
    package let halfOperands: ProductOperands
    /// The precision of attention where the model's weights are int8 and nothing is masked.
    package let attention: AttentionPrecision
    /// Is told what the layers read; nil where nobody wants to know.
    package private(set) var weights: (any WeightSource)?
    /// Is told how much work the layers are; nil where nobody wants to know.
    package private(set) var work: WorkCounter?

    /// - Parameters:
    ///   - threads: 1 or more.
    ///   - activation: nil for what the selected instruction set does best.
    ///   - winograd: nil for what the selected instruction set does best with those activations.
    ///   - winogradOperands: those of the selected instruction set, or of another for a rehearsal.
    ///   - halfOperands: likewise; every instruction set can do each.
    ///   - attention: nil for what the selected instruction set does best, at least as exact as the
    ///     activations.
    package init(
        threads: Int, activation: ActivationPrecision? = nil, winograd: WinogradUse? = nil,
        winogradOperands: ProductOperands = .ofWinograd, halfOperands: ProductOperands = .ofHalves,
        attention: AttentionPrecision? = nil
    ) {
        parallel = Parallel(threads: threads)
        workspace = Workspace()
        self.activation = activation ?? .preferred
        self.winograd = winograd ?? .preferred(with: self.activation)
        self.winogradOperands = winogradOperands
        self.halfOperands = halfOperands
        self.attention = attention ?? .preferred(with: self.activation)
    }

    private init(rehearsing executor: Executor) {
        parallel = Parallel(threads: executor.parallel.threads, rehearsing: true)
        workspace = Workspace(rehearsing: true)
        activation = executor.activation
        winograd = executor.winograd
        winogradOperands = executor.winogradOperands
        halfOperands = executor.halfOperands
        attention = executor.attention
    }

    /// An executor that does everything but the arithmetic: what runs on it takes exactly the memory that
    /// it takes on this one, in a workspace of its own, and is done within milliseconds.
    ///
    /// Its tensors have no memory, so whatever touches one must do so in a task of `parallel`; their
    /// values read as zeros.
    package var rehearsal: Executor { Executor(rehearsing: self) }

    /// The same executor with another source of weights, or with none.
    package func reading(from weights: (any WeightSource)?) -> Executor {
        var executor = self
        executor.weights = weights
        return executor
    }

    /// The same executor, whose layers tell `work` how much they do.
    package func counting(in work: WorkCounter?) -> Executor {
        var executor = self
        executor.work = work
        return executor
    }

    /// The same executor, whose work `interruption` can end.
    package func interrupted(by interruption: Interruption?) -> Executor {
        var executor = self
        executor.parallel.interruption = interruption
        return executor
    }

    /// Whether what ran on it was ended before its end.
    package var isInterrupted: Bool { parallel.interruption?.isSet ?? false }

    package func tensor(_ shape: Shape) -> Tensor { Tensor(shape, in: workspace) }

    /// Private memory for each worker: worker w has `bytesPerWorker` bytes from `w · stride`.
    package func scratch(bytesPerWorker: Int) -> Scratch {
        let stride = (bytesPerWorker + 63) & ~63
        return Scratch(
            storage: workspace.take(bytes: stride * parallel.threads), stride: stride)
    }
}

/// Which 3×3 convolutions of int8 weights at stride 1 go by Winograd's algorithm; every instruction set
/// can do so.
package enum WinogradUse: Equatable, Sendable {
    case never
    /// Those of pictures of at least so many tiles of 4×4 pixels, where most of those are inside.
    case fromTiles(Int)
    case always

    /// Pixels along a tile's side.
    package static let side = Int(CK_WINOGRAD_TILE)

    /// Whether a convolution with an output of so many pixels goes that way.
    package func takes(height: Int, width: Int) -> Bool {
        switch self {
        case .never: return false
        case .always: return true
        case .fromTiles(let fewest):
            let tiles = (height + Self.side - 1) / Self.side * ((width + Self.side - 1) / Self.side)
            // Tiles that stand out over the picture's edges are computed in vain.
            return tiles >= fewest && 2 * height * width > tiles * Self.side * Self.side
        }
    }

    /// What the selected instruction set does best, where activations are of this precision.
    static func preferred(with activation: ActivationPrecision) -> WinogradUse {
        let fewest = ck_winograd_fewest_tiles(activation.kernels)
        return fewest > 0 ? .fromTiles(fewest) : .never
    }
}

/// What is multiplied where bytes would not be exact enough.
package enum ProductOperands: Sendable {
    case float32
    /// Rounded: the transformed input of Winograd's convolutions to 13 bits; elsewhere activations to
    /// 12 bits, and float16 weights to 11 or more with a scale for each output.
    case int16

    /// Those of Winograd's convolutions: each instruction set has its own.
    package static var ofWinograd: ProductOperands {
        ck_winograd_selected_operands() == CK_WINOGRAD_INT16 ? .int16 : .float32
    }

    /// What the selected instruction set does best with float16 weights.
    package static var ofHalves: ProductOperands {
        ck_gemm_prefers_q16_f16() ? .int16 : .float32
    }
}

/// The precision of activations that multiply int8 weights; every instruction set can do each.
package enum ActivationPrecision: String, CaseIterable, Sendable {
    /// 12 significant bits.
    case q16
    /// 8 bits.
    case q8

    /// What the selected instruction set does best.
    package static var preferred: ActivationPrecision {
        ck_preferred_activation() == CK_ACTIVATION_Q8 ? .q8 : .q16
    }

    fileprivate var kernels: ck_activation {
        switch self {
        case .q16: CK_ACTIVATION_Q16
        case .q8: CK_ACTIVATION_Q8
        }
    }
}

/// The precision of queries, keys, values and softmax weights; every instruction set can do each.
package enum AttentionPrecision: Sendable {
    case float32
    /// 12 significant bits.
    case q16
    /// 8 bits.
    case q8

    /// What the selected instruction set does best, where activations are of this precision.
    static func preferred(with activation: ActivationPrecision) -> AttentionPrecision {
        guard ck_attention_int_is_preferred(activation.kernels) else { return .float32 }
        switch activation {
        case .q16: return .q16
        case .q8: return .q8
        }
    }
}

/// Scratch memory of one parallel loop, a 64-byte aligned slice for each worker.
package struct Scratch: Sendable {
    private let storage: Storage
    private let stride: Int

    fileprivate init(storage: Storage, stride: Int) {
        self.storage = storage
        self.stride = stride
    }

    package func slice(worker: Int) -> UnsafeMutableRawPointer {
        storage.pointer + worker * stride
    }
}

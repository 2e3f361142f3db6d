internal import CKernels
package import Tensors

/// A function of each element, applied to a product's output while it is still in the cache.
package enum Activation: Sendable {
    case none
    case silu
    /// The exact GELU, with erf.
    case gelu
    case quickGELU
    /// Negative values times `slope`.
    case leakyReLU(slope: Float)
    /// Negative values times their channel's slope.
    case prelu(Vector)

    func apply(_ block: OutputBlock) {
        if case .none = self { return }
        if case .prelu(let slope) = self {
            ck_prelu(
                block.rows, block.columns, block.values, block.stride,
                slope.pointer + block.firstColumn, block.values, block.stride)
            return
        }
        block.forEachRun { offset, count in
            let run = block.values + offset
            switch self {
            case .silu: ck_silu(count, run, run)
            case .gelu: ck_gelu(count, run, run)
            case .quickGELU: ck_quick_gelu(count, run, run)
            case .leakyReLU(let slope): ck_leaky_relu(count, run, slope, run)
            case .none, .prelu: break
            }
        }
    }
}

/// The tensor that a layer's output is added to: y = factor · output + x.
package struct Residual: Sendable {
    package let x: Tensor
    package let factor: Float

    package init(_ x: Tensor, factor: Float = 1) {
        self.x = x
        self.factor = factor
    }

    /// - Parameter offset: of the block's first value from the tensor's.
    func apply(_ block: OutputBlock, offset: Int) {
        let source = x.pointer + offset
        block.forEachRun { run, count in
            ck_scale_add(count, source + run, factor, block.values + run)
        }
    }
}

/// Some columns of consecutive output pixels, while they are in the cache.
struct OutputBlock {
    /// Pixels.
    let rows: Int
    let firstColumn: Int
    let columns: Int
    /// The first value; rows begin `stride` values apart.
    let values: UnsafeMutablePointer<Float>
    let stride: Int

    /// The contiguous runs of values: one, when the block is as wide as the stride.
    func forEachRun(_ body: (_ offset: Int, _ count: Int) -> Void) {
        if columns == stride {
            body(0, rows * columns)
        } else {
            for row in 0..<rows { body(row * stride, columns) }
        }
    }
}

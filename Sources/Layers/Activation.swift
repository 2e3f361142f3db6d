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

    /// Applies to `rows` rows of `columns` values from column `firstColumn` of the output on.
    func apply(
        rows: Int, columns: Int, firstColumn: Int, _ y: UnsafeMutablePointer<Float>, stride: Int
    ) {
        if case .none = self { return }
        if case .prelu(let slope) = self {
            ck_prelu(rows, columns, y, stride, slope.pointer + firstColumn, y, stride)
            return
        }
        forEachRun(rows: rows, columns: columns, stride: stride) { offset, count in
            let run = y + offset
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

    func apply(
        rows: Int, columns: Int, offset: Int, _ y: UnsafeMutablePointer<Float>, stride: Int
    ) {
        let source = x.pointer + offset
        forEachRun(rows: rows, columns: columns, stride: stride) { run, count in
            ck_scale_add(count, source + run, factor, y + run)
        }
    }
}

/// The contiguous runs of a block of rows: one, when the block is as wide as the stride.
private func forEachRun(
    rows: Int, columns: Int, stride: Int, _ body: (_ offset: Int, _ count: Int) -> Void
) {
    if columns == stride {
        body(0, rows * columns)
    } else {
        for row in 0..<rows { body(row * stride, columns) }
    }
}

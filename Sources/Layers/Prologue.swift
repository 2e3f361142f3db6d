internal import CKernels
internal import Tensors

/// What happens to a product's input on its way into the packed rows, so that the normalised
/// activation is never stored.
enum Prologue {
    case none
    case layerNorm(LayerNorm)
    case scaleShift(ScaleShift)

    var isNone: Bool { if case .none = self { true } else { false } }
    var isLayerNorm: Bool { if case .layerNorm = self { true } else { false } }

    /// Writes `count` rows of the `channels` channels that begin at `firstChannel` of the whole row.
    /// - Parameter xStride: from row to row of x; nil where nothing lies between them.
    func apply(
        image: Int, firstChannel: Int, channels: Int, count: Int, x: UnsafePointer<Float>,
        xStride: Int? = nil, into y: UnsafeMutablePointer<Float>, stride: Int
    ) {
        let xStride = xStride ?? channels
        switch self {
        case .none:
            ck_copy_pixels(count, channels, x, xStride, y, stride)
        case .layerNorm(let norm):
            ck_layer_norm(
                count, channels, x, xStride, norm.gamma.pointer, norm.beta.pointer, norm.epsilon,
                y, stride)
        case .scaleShift(let coefficients):
            ck_scale_shift(
                count, channels, x, xStride, coefficients.scale(image) + firstChannel,
                coefficients.shift(image) + firstChannel, coefficients.silu, y, stride)
        }
    }
}

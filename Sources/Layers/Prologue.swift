internal import CKernels
internal import Tensors

/// What happens to a product's input on its way into the packed rows, so that the normalised
/// activation is never stored.
enum Prologue {
    case none
    case layerNorm(LayerNorm)
    case scaleShift(ScaleShift)

    var isNone: Bool { if case .none = self { true } else { false } }

    /// Writes `count` rows of the `channels` channels that begin at `firstChannel` of the whole row.
    func apply(
        image: Int, firstChannel: Int, channels: Int, count: Int, x: UnsafePointer<Float>,
        into y: UnsafeMutablePointer<Float>, stride: Int
    ) {
        switch self {
        case .none:
            for row in 0..<count {
                (y + row * stride).update(from: x + row * channels, count: channels)
            }
        case .layerNorm(let norm):
            ck_layer_norm(
                count, channels, x, channels, norm.gamma.pointer, norm.beta.pointer, norm.epsilon,
                y, stride)
        case .scaleShift(let coefficients):
            ck_scale_shift(
                count, channels, x, channels, coefficients.scale(image) + firstChannel,
                coefficients.shift(image) + firstChannel, coefficients.silu, y, stride)
        }
    }
}

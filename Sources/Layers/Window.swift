package import Tensors

/// The window of a convolution: a square kernel, its stride, and the zero pixels around the picture.
package struct Window: Sendable, Equatable {
    package let kernel: Int
    package let stride: Int
    /// Zero pixels above and to the left, and below and to the right.
    package let before: Int
    package let after: Int

    package init(kernel: Int, stride: Int = 1, before: Int, after: Int) {
        self.kernel = kernel
        self.stride = stride
        self.before = before
        self.after = after
    }

    /// An odd kernel that keeps the picture's size (at stride 1).
    package static func same(kernel: Int, stride: Int = 1) -> Window {
        Window(kernel: kernel, stride: stride, before: kernel / 2, after: kernel / 2)
    }

    /// One pixel: a matrix product.
    package static let point = Window.same(kernel: 1)

    /// True when output pixel i needs input pixel i and no other.
    var isPoint: Bool { kernel == 1 && stride == 1 && before == 0 && after == 0 }

    /// Output pixels along an axis of `extent` input pixels.
    func output(_ extent: Int) -> Int {
        (extent + before + after - kernel) / stride + 1
    }
}

/// The size at which a convolution sees an input that nearest neighbour has doubled: twice the input's,
/// or one less (a picture with an odd side, halved rounding up on its way down).
package struct Upsampled: Sendable {
    package let height: Int
    package let width: Int

    package init(height: Int, width: Int) {
        self.height = height
        self.width = width
    }

    /// Exactly twice the size of `x`.
    package init(doubling x: Tensor) {
        self.init(height: 2 * x.shape.height, width: 2 * x.shape.width)
    }
}

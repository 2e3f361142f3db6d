internal import CKernels
package import Tensors

/// y += x, in place; both have the same shape (trap otherwise).
package func add(_ x: Tensor, to y: Tensor) {
    precondition(x.shape == y.shape)
    ck_scale_add(x.shape.count, x.pointer, 1, y.pointer)
}

/// y = factor · y + x, in place; both have the same shape (trap otherwise).
package func scaleAndAdd(_ x: Tensor, to y: Tensor, factor: Float) {
    precondition(x.shape == y.shape)
    ck_scale_add(x.shape.count, x.pointer, factor, y.pointer)
}

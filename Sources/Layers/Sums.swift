internal import CKernels
package import Tensors

/// y += x, in place; both have the same shape (trap otherwise).
package func add(_ x: Tensor, to y: Tensor, on executor: Executor) {
    precondition(x.shape == y.shape)
    let chunk = 1 << 14
    let count = x.shape.count
    executor.parallel.run(tasks: (count + chunk - 1) / chunk) { task, _ in
        let first = task * chunk
        ck_scale_add(min(chunk, count - first), x.pointer + first, 1, y.pointer + first)
    }
}

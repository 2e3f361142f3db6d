internal import CKernels
package import Tensors

/// Moves channels into pixels: [N, H, W, C·r²] → [N, H·r, W·r, C], as torch.nn.PixelShuffle.
package func pixelShuffle(_ x: Tensor, factor r: Int, on executor: Executor) -> Tensor {
    let shape = x.shape
    precondition(r > 0 && shape.channels % (r * r) == 0)
    let channels = shape.channels / (r * r)
    let y = executor.tensor(
        Shape(
            images: shape.images, height: shape.height * r, width: shape.width * r,
            channels: channels))
    executor.parallel.run(tasks: shape.images * shape.height) { row, _ in
        ck_pixel_shuffle(
            shape.width, channels, r, x.pointer + row * shape.width * shape.channels,
            y.pointer + row * r * shape.width * r * channels, shape.width * r * channels)
    }
    return y
}

/// Moves pixels into channels: [N, H·r, W·r, C] → [N, H, W, C·r²]; H·r and W·r are multiples of r (trap).
package func pixelUnshuffle(_ x: Tensor, factor r: Int, on executor: Executor) -> Tensor {
    let shape = x.shape
    precondition(r > 0 && shape.height % r == 0 && shape.width % r == 0)
    let y = executor.tensor(
        Shape(
            images: shape.images, height: shape.height / r, width: shape.width / r,
            channels: shape.channels * r * r))
    let rowLength = shape.width * shape.channels
    executor.parallel.run(tasks: shape.images * y.shape.height) { row, _ in
        ck_pixel_unshuffle(
            y.shape.width, shape.channels, r, x.pointer + row * r * rowLength, rowLength,
            y.pointer + row * y.shape.width * y.shape.channels)
    }
    return y
}

/// Adds `base` [N, H, W, C], each pixel repeated r×r times, to `x` [N, H·r, W·r, C] in place.
package func addRepeated(_ base: Tensor, factor r: Int, to x: Tensor, on executor: Executor) {
    let shape = x.shape
    let channels = shape.channels
    precondition(base.shape.height * r == shape.height && base.shape.width * r == shape.width)
    executor.parallel.run(tasks: shape.images * shape.height) { row, _ in
        let image = row / shape.height
        let sourceRow = row % shape.height / r
        let source = base.pointer(image: image) + sourceRow * base.shape.width * channels
        let target = x.pointer + row * shape.width * channels
        for column in 0..<shape.width {
            for channel in 0..<channels {
                target[column * channels + channel] += source[column / r * channels + channel]
            }
        }
    }
}

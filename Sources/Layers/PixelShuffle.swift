internal import CKernels
package import Tensors

/// Moves channels into pixels, row by row, and adds a picture that nearest neighbour enlarges alike:
/// [W, C·r²] → r rows [W·r, C], channels as torch.nn.PixelShuffle.
package struct ShuffledRow {
    private let base: Tensor
    private let image: Int
    private let factor: Int

    /// - Parameter base: [N, H, W, C], of which image `image` is added.
    package init(adding base: Tensor, image: Int, factor: Int) {
        precondition(factor > 0)
        self.base = base
        self.image = image
        self.factor = factor
    }

    /// Hands over the r rows that come of row `row`, each with its number.
    package func enlarge(
        _ row: Int, _ values: Span<Float>, each: (Int, Span<Float>) throws -> Void
    ) rethrows {
        let shape = base.shape
        let length = shape.width * factor * shape.channels
        precondition(values.count == length * factor)
        var rows = [Float](repeating: 0, count: length * factor)
        values.withUnsafeBufferPointer { x in
            rows.withUnsafeMutableBufferPointer { y in
                guard let x = x.baseAddress, let y = y.baseAddress else { return }
                ck_pixel_shuffle(shape.width, shape.channels, factor, x, y, length)
                add(row, to: y, length: length)
            }
        }
        for index in 0..<factor {
            let part = rows.span.extracting(index * length..<(index + 1) * length)
            try each(row * factor + index, part)
        }
    }

    private func add(_ row: Int, to y: UnsafeMutablePointer<Float>, length: Int) {
        guard base.storage.isThere else { return }
        let channels = base.shape.channels
        let x = base.pointer(image: image) + row * base.shape.width * channels
        for index in 0..<factor * length {
            let column = index % length / channels / factor
            y[index] += x[column * channels + index % channels]
        }
    }
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

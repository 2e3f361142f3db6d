/// An activation: float32 in NHWC order.
///
/// A tensor is written by the layer that makes it and only read from then on; copies share the memory.
package struct Tensor: Sendable {
    package let shape: Shape
    package let storage: Storage

    /// A tensor of undefined contents.
    package init(_ shape: Shape, in workspace: Workspace) {
        self.shape = shape
        storage = workspace.take(bytes: shape.count * MemoryLayout<Float>.stride)
    }

    /// A tensor of the given values, in NHWC order; there must be `shape.count` of them (trap otherwise).
    package init(_ values: [Float], shape: Shape, in workspace: Workspace) {
        precondition(values.count == shape.count)
        self.init(shape, in: workspace)
        guard storage.isThere else { return }
        pointer.update(from: values, count: values.count)
    }

    /// The first element. Valid while a copy of this tensor lives.
    package var pointer: UnsafeMutablePointer<Float> {
        storage.pointer.assumingMemoryBound(to: Float.self)
    }

    /// The first element of image `image`.
    package func pointer(image: Int) -> UnsafeMutablePointer<Float> {
        pointer + image * shape.pixels * shape.channels
    }

    /// The values in NHWC order.
    package var values: [Float] {
        guard storage.isThere else { return Array(repeating: 0, count: shape.count) }
        return Array(UnsafeBufferPointer(start: pointer, count: shape.count))
    }

    /// Writes row `row` of image `image`, [W, C].
    package func set(row: Int, image: Int, to values: Span<Float>) {
        let count = shape.width * shape.channels
        precondition(values.count == count)
        guard storage.isThere else { return }
        let target = pointer(image: image) + row * count
        values.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { target.update(from: base, count: count) }
        }
    }

    /// The same memory seen as token sequences, [N, H·W, C].
    package var asTokens: Tensor {
        Tensor(
            shape: Shape(images: shape.images, tokens: shape.pixels, channels: shape.channels),
            storage: storage)
    }

    /// The same memory seen as pictures of the given size, which must have as many pixels.
    package func asPicture(height: Int, width: Int) -> Tensor {
        precondition(height * width == shape.pixels)
        return Tensor(
            shape: Shape(
                images: shape.images, height: height, width: width, channels: shape.channels),
            storage: storage)
    }

    private init(shape: Shape, storage: Storage) {
        self.shape = shape
        self.storage = storage
    }
}

// MARK: - The planar order of files and of the command's stages

extension Tensor {
    /// A tensor from values in NCHW order, [N, C, H, W].
    package init(planar values: [Float], shape: Shape, in workspace: Workspace) {
        precondition(values.count == shape.count)
        self.init(shape, in: workspace)
        guard storage.isThere else { return }
        let target = pointer
        values.withUnsafeBufferPointer { source in
            Self.forEachElement(shape) { planar, interleaved in
                target[interleaved] = source[planar]
            }
        }
    }

    /// The same images, so many times one after the other; itself where that is once.
    package func repeated(_ times: Int, in workspace: Workspace) -> Tensor {
        guard times > 1 else { return self }
        var shape = shape
        shape.images *= times
        let values = values
        return Tensor((0..<times).flatMap { _ in values }, shape: shape, in: workspace)
    }

    /// The values in NCHW order.
    package var planarValues: [Float] {
        guard storage.isThere else { return values }
        let source = pointer
        return [Float](unsafeUninitializedCapacity: shape.count) { target, count in
            Self.forEachElement(shape) { planar, interleaved in
                target[planar] = source[interleaved]
            }
            count = shape.count
        }
    }

    @inline(__always)
    private static func forEachElement(_ shape: Shape, _ body: (Int, Int) -> Void) {
        for image in 0..<shape.images {
            let base = image * shape.pixels * shape.channels
            for channel in 0..<shape.channels {
                for pixel in 0..<shape.pixels {
                    body(
                        base + channel * shape.pixels + pixel,
                        base + pixel * shape.channels + channel)
                }
            }
        }
    }
}

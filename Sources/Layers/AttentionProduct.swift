internal import CKernels
package import Tensors

/// softmax(q·kᵀ/√D + mask) · v for every head, tile by tile: no T×T matrix exists.
package struct AttentionProduct: Sendable {
    package let heads: Int
    package let headDimension: Int
    package let causal: Bool

    package init(heads: Int, headDimension: Int, causal: Bool) {
        self.heads = heads
        self.headDimension = headDimension
        self.causal = causal
    }

    /// Packs keys and values, [N, S, heads·D], for any number of queries; they are not needed after.
    package func pack(keys: Tensor, values: Tensor, on executor: Executor) -> PackedHeads {
        PackedHeads(self, keys: keys, values: values, executor: executor)
    }

    /// - Parameters:
    ///   - queries: [N, T, heads·D], whose memory the result takes over.
    ///   - packed: of as many images.
    ///   - keyBias: S values added to every query's scores (−infinity hides a key), or nil.
    /// - Returns: [N, T, heads·D].
    package func callAsFunction(
        over queries: Tensor, _ packed: PackedHeads, keyBias: [Float]? = nil,
        on executor: Executor
    ) -> Tensor {
        let tile = Int(CK_ATTENTION_QUERIES)
        let tokens = queries.shape.pixels
        let tiles = (tokens + tile - 1) / tile
        let channels = heads * headDimension
        let scratch = executor.scratch(
            bytesPerWorker: ck_attention_scratch(headDimension) * MemoryLayout<Float>.stride)
        keyBias.withOptionalPointer { bias in
            let head = ck_attention_head(
                keys: packed.tokens, head_dim: headDimension,
                scale: 1 / Float(headDimension).squareRoot(), causal: causal, key_bias: bias)
            executor.parallel.run(tasks: queries.shape.images * heads * tiles) { task, worker in
                let first = task % tiles * tile
                let image = task / tiles / heads
                let rows =
                    queries.pointer(image: image) + first * channels
                    + task / tiles % heads * headDimension
                ck_attention_f32(
                    head, first, min(tile, tokens - first), rows, channels,
                    packed.keys(task / tiles), packed.values(task / tiles), rows, channels,
                    scratch.slice(worker: worker).assumingMemoryBound(to: Float.self))
            }
        }
        return queries
    }
}

/// The keys and values of every (image, head), packed for the tiles to read.
package struct PackedHeads: @unchecked Sendable {
    /// Keys of a head.
    package let tokens: Int
    private let storage: Storage
    private let keyCount: Int
    private let headCount: Int

    fileprivate init(
        _ product: AttentionProduct, keys: Tensor, values: Tensor, executor: Executor
    ) {
        let tokens = keys.shape.pixels
        self.tokens = tokens
        let dimension = product.headDimension
        let keyCount = ck_attention_packed_keys(tokens, dimension).roundedUp(to: 16)
        let valueCount = ck_attention_packed_values(tokens, dimension).roundedUp(to: 16)
        let all = keys.shape.images * product.heads
        let headCount = keyCount + valueCount
        storage = executor.workspace.take(
            bytes: all * headCount * MemoryLayout<Float>.stride)
        self.keyCount = keyCount
        self.headCount = headCount
        let base = storage.pointer.assumingMemoryBound(to: Float.self)
        let channels = product.heads * dimension
        executor.parallel.run(tasks: all) { task, _ in
            let image = task / product.heads
            let offset = task % product.heads * dimension
            ck_attention_pack(
                tokens, dimension, keys.pointer(image: image) + offset, channels,
                values.pointer(image: image) + offset, channels, base + task * headCount,
                base + task * headCount + keyCount)
        }
    }

    func keys(_ head: Int) -> UnsafePointer<Float> {
        UnsafePointer(storage.pointer.assumingMemoryBound(to: Float.self) + head * headCount)
    }

    func values(_ head: Int) -> UnsafePointer<Float> { keys(head) + keyCount }
}

extension [Float]? {
    fileprivate func withOptionalPointer(_ body: (UnsafePointer<Float>?) -> Void) {
        guard let self else { return body(nil) }
        self.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}

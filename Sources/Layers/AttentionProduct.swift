internal import CKernels
package import Tensors

/// softmax(q·kᵀ/√D + mask) · v for every head, tile by tile: no T×T matrix exists.
package struct AttentionProduct: Sendable {
    package let heads: Int
    package let headDimension: Int
    package let causal: Bool
    /// Whether queries, keys, values and weights may be rounded to the executor's precision of
    /// attention. There are no masks then.
    package let mayQuantize: Bool

    package init(heads: Int, headDimension: Int, causal: Bool, mayQuantize: Bool = false) {
        precondition(!(causal && mayQuantize))
        self.heads = heads
        self.headDimension = headDimension
        self.causal = causal
        self.mayQuantize = mayQuantize
    }

    /// Packs keys and values, [N, S, heads·D], for any number of queries; they are not needed after.
    package func pack(keys: Tensor, values: Tensor, on executor: Executor) -> PackedHeads {
        PackedHeads(self, keys: keys, values: values, executor: executor)
    }

    /// - Parameters:
    ///   - queries: [N, T, heads·D], whose memory the result takes over.
    ///   - packed: of as many images.
    ///   - keyBias: S values added to every query's scores (−infinity hides a key), or nil; never
    ///     of rounded heads (trap).
    /// - Returns: [N, T, heads·D].
    package func callAsFunction(
        over queries: Tensor, _ packed: PackedHeads, keyBias: [Float]? = nil,
        on executor: Executor
    ) -> Tensor {
        executor.work?.add(
            packed.precision == .float32 ? .attention : .attentionIntegers,
            2 * queries.shape.count * packed.tokens,
            elements: 2 * (queries.shape.count + packed.tokens * queries.shape.channels))
        if let head = integerHead(keys: packed.tokens, packed.precision) {
            precondition(keyBias == nil)
            attend(queries, packed, in: head, on: executor)
        } else {
            attendFloat(queries, packed, keyBias: keyBias, on: executor)
        }
        return queries
    }

    private var scale: Float { 1 / Float(headDimension).squareRoot() }

    private func attendFloat(
        _ queries: Tensor, _ packed: PackedHeads, keyBias: [Float]?, on executor: Executor
    ) {
        let bytes = ck_attention_scratch(headDimension) * MemoryLayout<Float>.stride
        let tile = Int(CK_ATTENTION_QUERIES)
        keyBias.withOptionalPointer { bias in
            let head = ck_attention_head(
                keys: packed.tokens, head_dim: headDimension, scale: scale, causal: causal,
                key_bias: bias)
            forEachTile(of: queries, queries: tile, scratch: bytes, on: executor) { task, scratch in
                ck_attention_f32(
                    head, task.first, task.count, task.rows, queries.shape.channels,
                    packed.keys(task.head), packed.values(task.head), task.rows,
                    queries.shape.channels, scratch.assumingMemoryBound(to: Float.self))
            }
        }
    }

    private func attend(
        _ queries: Tensor, _ packed: PackedHeads, in head: ck_attention_int_head,
        on executor: Executor
    ) {
        let bytes = ck_attention_int_scratch_bytes(head)
        let tile = Int(CK_ATTENTION_INT_QUERIES)
        forEachTile(of: queries, queries: tile, scratch: bytes, on: executor) { task, scratch in
            ck_attention_int(
                head, task.count, task.rows, queries.shape.channels, packed.head(task.head),
                task.rows, queries.shape.channels, scratch)
        }
    }

    /// nil in float32.
    fileprivate func integerHead(
        keys: Int, _ precision: AttentionPrecision
    ) -> ck_attention_int_head? {
        let bits: ck_activation
        switch precision {
        case .float32: return nil
        case .q16: bits = CK_ACTIVATION_Q16
        case .q8: bits = CK_ACTIVATION_Q8
        }
        return ck_attention_int_head(
            keys: keys, head_dim: headDimension, scale: scale, precision: bits)
    }

    /// Some queries of one head of one image.
    private struct Task {
        /// Counted over all images.
        let head: Int
        let first: Int
        let count: Int
        let rows: UnsafeMutablePointer<Float>
    }

    /// Tiles of one head follow each other, so that its keys and values stay in the cache.
    private func forEachTile(
        of queries: Tensor, queries size: Int, scratch bytes: Int, on executor: Executor,
        _ body: (Task, UnsafeMutableRawPointer) -> Void
    ) {
        let tokens = queries.shape.pixels
        let tiles = (tokens + size - 1) / size
        let scratch = executor.scratch(bytesPerWorker: bytes)
        executor.parallel.run(tasks: queries.shape.images * heads * tiles) { index, worker in
            let first = index % tiles * size
            let head = index / tiles
            let rows =
                queries.pointer(image: head / heads) + first * queries.shape.channels
                + head % heads * headDimension
            let task = Task(head: head, first: first, count: min(size, tokens - first), rows: rows)
            body(task, scratch.slice(worker: worker))
        }
    }
}

/// The keys and values of every (image, head), packed for the tiles to read.
package struct PackedHeads: @unchecked Sendable {
    let precision: AttentionPrecision
    /// Keys of a head.
    package let tokens: Int
    private let storage: Storage
    private let headBytes: Int
    /// Of float32 heads, from their beginning.
    private let valueOffset: Int

    fileprivate init(
        _ product: AttentionProduct, keys: Tensor, values: Tensor, executor: Executor
    ) {
        tokens = keys.shape.pixels
        let dimension = product.headDimension
        precision = product.mayQuantize ? executor.attention : .float32
        let integerHead = product.integerHead(keys: tokens, precision)
        if let integerHead {
            valueOffset = 0
            headBytes = ck_attention_int_packed_bytes(integerHead)
        } else {
            let size = MemoryLayout<Float>.stride
            valueOffset = (ck_attention_packed_keys(tokens, dimension) * size).roundedUp(to: 64)
            headBytes =
                valueOffset
                + (ck_attention_packed_values(tokens, dimension) * size).roundedUp(to: 64)
        }
        let heads = keys.shape.images * product.heads
        storage = executor.workspace.take(bytes: heads * headBytes)
        let channels = product.heads * dimension
        executor.parallel.run(tasks: heads) { [self] index, _ in
            let image = index / product.heads
            let offset = index % product.heads * dimension
            let k = keys.pointer(image: image) + offset
            let v = values.pointer(image: image) + offset
            if let integerHead {
                ck_attention_int_pack(integerHead, k, channels, v, channels, head(index))
            } else {
                ck_attention_pack(
                    tokens, dimension, k, channels, v, channels, floats(head(index)),
                    floats(head(index) + valueOffset))
            }
        }
    }

    private func floats(_ pointer: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Float> {
        pointer.assumingMemoryBound(to: Float.self)
    }

    func head(_ index: Int) -> UnsafeMutableRawPointer { storage.pointer + index * headBytes }

    func keys(_ index: Int) -> UnsafePointer<Float> { UnsafePointer(floats(head(index))) }

    func values(_ index: Int) -> UnsafePointer<Float> {
        UnsafePointer(floats(head(index) + valueOffset))
    }
}

extension [Float]? {
    fileprivate func withOptionalPointer(_ body: (UnsafePointer<Float>?) -> Void) {
        guard let self else { return body(nil) }
        self.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}

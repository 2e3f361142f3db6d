package import CKernels

/// What every layer runs on: the threads, the activation memory, the precision of quantised activations.
package struct Executor: Sendable {
    package let parallel: Parallel
    package let workspace: Workspace
    /// How activations are quantised that multiply int8 weights: what the processor does best.
    package let activation: ck_activation

    /// - Parameter threads: 1 or more.
    package init(threads: Int) {
        parallel = Parallel(threads: threads)
        workspace = Workspace()
        activation = ck_preferred_activation()
    }

    package func tensor(_ shape: Shape) -> Tensor { Tensor(shape, in: workspace) }

    /// Private memory for each worker: worker w has `bytesPerWorker` bytes from `w · stride`.
    package func scratch(bytesPerWorker: Int) -> Scratch {
        let stride = (bytesPerWorker + 63) & ~63
        return Scratch(
            storage: workspace.take(bytes: stride * parallel.threads), stride: stride)
    }
}

/// Scratch memory of one parallel loop, a 64-byte aligned slice for each worker.
package struct Scratch: Sendable {
    private let storage: Storage
    private let stride: Int

    fileprivate init(storage: Storage, stride: Int) {
        self.storage = storage
        self.stride = stride
    }

    package func slice(worker: Int) -> UnsafeMutableRawPointer {
        storage.pointer + worker * stride
    }
}

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The activation memory: blocks that return when their last owner lets go, and are lent again.
///
/// A denoising step asks for the same sizes as the one before it, so after the first step the system's
/// allocator is no longer asked. Large blocks, whose making costs little beside the work in them, go
/// back to the system at once; `trim` hands back the others between stages.
///
/// A rehearsing workspace counts alike and has no memory: its blocks all lie where nothing may be touched.
package final class Workspace: Sendable {
    private struct State {
        var free: [Block] = []
        var bytesInUse = 0
        var bytesHeld = 0
        var peakBytesHeld = 0
        var blocksMade = 0
    }

    struct Block: @unchecked Sendable {
        let pointer: UnsafeMutableRawPointer
        let bytes: Int
    }

    private static let alignment = 64
    private static let largestKept = 32 << 20
    private let state = Mutex(State())
    fileprivate let isRehearsing: Bool

    package init(rehearsing: Bool = false) { isRehearsing = rehearsing }

    deinit { trim() }

    /// The most bytes that were held at once, free blocks included.
    package var peakBytes: Int { state.withLock { $0.peakBytesHeld } }

    /// Blocks that the system was asked for.
    package var blocksMade: Int { state.withLock { $0.blocksMade } }

    /// Bytes lent out at this moment.
    package var bytesInUse: Int { state.withLock { $0.bytesInUse } }

    /// Lends `bytes` of 64-byte aligned memory, its contents undefined.
    ///
    /// A free block serves when it wastes no more than it holds. Traps when the system has no memory left.
    package func take(bytes: Int) -> Storage {
        precondition(bytes >= 0)
        let wanted = (max(bytes, 1) + Self.alignment - 1) & ~(Self.alignment - 1)
        let block = state.withLock { state -> Block in
            let fitting = state.free.indices.filter { index in
                state.free[index].bytes >= wanted && state.free[index].bytes <= 2 * wanted
            }
            if let best = fitting.min(by: { state.free[$0].bytes < state.free[$1].bytes }) {
                let block = state.free.remove(at: best)
                state.bytesInUse += block.bytes
                return block
            }
            state.bytesInUse += wanted
            state.bytesHeld += wanted
            state.blocksMade += 1
            state.peakBytesHeld = max(state.peakBytesHeld, state.bytesHeld)
            return Block(pointer: allocate(wanted), bytes: wanted)
        }
        return Storage(block: block, workspace: self)
    }

    /// Gives all free blocks back to the system.
    package func trim() {
        state.withLock { state in
            for block in state.free {
                state.bytesHeld -= block.bytes
                release(block)
            }
            state.free.removeAll()
        }
    }

    /// Forgets the peak so far: the next reading is of what comes.
    package func resetPeak() {
        state.withLock { $0.peakBytesHeld = $0.bytesHeld }
    }

    fileprivate func giveBack(_ block: Block) {
        state.withLock { state in
            state.bytesInUse -= block.bytes
            if block.bytes <= Self.largestKept {
                state.free.append(block)
            } else {
                state.bytesHeld -= block.bytes
                release(block)
            }
        }
    }

    private func allocate(_ bytes: Int) -> UnsafeMutableRawPointer {
        var pointer = UnsafeMutableRawPointer(bitPattern: Self.alignment)
        let status = isRehearsing ? 0 : posix_memalign(&pointer, Self.alignment, bytes)
        guard status == 0, let pointer else {
            preconditionFailure("out of memory: \(bytes) bytes for activations")
        }
        return pointer
    }

    private func release(_ block: Block) {
        if !isRehearsing { free(block.pointer) }
    }
}

/// A block lent by a workspace; it returns there when the last reference goes.
package final class Storage: @unchecked Sendable {
    // Threads write to disjoint parts within one `Parallel.run`, which ends before anybody reads.
    private let block: Workspace.Block
    private let workspace: Workspace

    fileprivate init(block: Workspace.Block, workspace: Workspace) {
        self.block = block
        self.workspace = workspace
    }

    deinit { workspace.giveBack(block) }

    package var pointer: UnsafeMutableRawPointer { block.pointer }
    package var bytes: Int { block.bytes }
    /// False where the memory is only counted: it must not be touched.
    package var isThere: Bool { !workspace.isRehearsing }
}

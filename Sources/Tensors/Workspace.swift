import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The activation memory: blocks that return when their last owner lets go, and are lent again.
///
/// Blocks lie side by side in a region of addresses that the system fills with memory when it is first
/// touched. A denoising step lends and takes back what the one before it did, so from the second step on
/// no new memory is touched. `trim` hands back what is not lent, between stages.
///
/// A rehearsing workspace places its blocks alike and has no memory: nothing may be touched there.
package final class Workspace: Sendable {
    private struct State {
        var regions: [Region] = []
        var reserved = Workspace.usualRegion
        var bytesInUse = 0
        var peakBytes = 0
        var growths = 0

        var bytesHeld: Int { regions.reduce(0) { $0 + $1.arena.end } }
    }

    private struct Region: @unchecked Sendable {
        let base: UnsafeMutableRawPointer
        var arena: Arena
    }

    struct Block: @unchecked Sendable {
        let pointer: UnsafeMutableRawPointer
        fileprivate let region: Int
        fileprivate let place: Range<Int>

        var bytes: Int { place.count }
    }

    private static let alignment = 64
    // Addresses cost nothing; memory comes with the first touch.
    private static let usualRegion = 1 << 30
    private let state = Mutex(State())
    fileprivate let isRehearsing: Bool

    package init(rehearsing: Bool = false) { isRehearsing = rehearsing }

    deinit { trim() }

    /// The most bytes that were held at once, gaps included.
    package var peakBytes: Int { state.withLock { $0.peakBytes } }

    /// How often a block lay where none had been since the last `trim`: the system gave memory for it.
    package var growths: Int { state.withLock { $0.growths } }

    /// Bytes lent out at this moment.
    package var bytesInUse: Int { state.withLock { $0.bytesInUse } }

    /// Says that no more than so many bytes will be held at once: one region of addresses does for them.
    package func reserve(bytes: Int) {
        state.withLock { $0.reserved = max(bytes, 1) }
    }

    /// Lends `bytes` of 64-byte aligned memory, its contents undefined.
    ///
    /// Traps when the system has no addresses left.
    package func take(bytes: Int) -> Storage {
        precondition(bytes >= 0)
        let wanted = (max(bytes, 1) + Self.alignment - 1) & ~(Self.alignment - 1)
        let block = state.withLock { state -> Block in
            let held = state.bytesHeld
            let block = take(wanted, in: &state)
            state.bytesInUse += wanted
            if state.bytesHeld > held { state.growths += 1 }
            state.peakBytes = max(state.peakBytes, state.bytesHeld)
            return block
        }
        return Storage(block: block, workspace: self)
    }

    /// Gives all memory that is not lent back to the system.
    package func trim() {
        state.withLock { state in
            for index in state.regions.indices {
                state.regions[index].arena.gaps.forEach { drop($0, of: state.regions[index]) }
                state.regions[index].arena.shrink()
            }
            guard state.bytesInUse == 0 else { return }
            state.regions.forEach(unmap)
            state.regions = []
        }
    }

    /// Forgets the peak so far: the next reading is of what comes.
    package func resetPeak() {
        state.withLock { $0.peakBytes = $0.bytesHeld }
    }

    fileprivate func giveBack(_ block: Block) {
        state.withLock { state in
            state.bytesInUse -= block.bytes
            state.regions[block.region].arena.giveBack(block.place)
        }
    }

    /// A block from the first region that has room, or from one more.
    private func take(_ bytes: Int, in state: inout State) -> Block {
        for index in state.regions.indices {
            guard let place = state.regions[index].arena.take(bytes) else { continue }
            return Block(
                pointer: state.regions[index].base + place.lowerBound, region: index, place: place)
        }
        state.regions.append(makeRegion(bytes: bytes, reserved: state.reserved))
        return take(bytes, in: &state)
    }
}

// MARK: - The system's side

extension Workspace {
    /// Addresses for `reserved` bytes, or for as many as there are, `bytes` at the least.
    private func makeRegion(bytes: Int, reserved: Int) -> Region {
        guard !isRehearsing else {
            let nowhere = UnsafeMutableRawPointer(bitPattern: Self.alignment)
            guard let nowhere else { preconditionFailure("an address of zero") }
            return Region(base: nowhere, arena: Arena(capacity: .max))
        }
        var size = max(bytes, reserved)
        while true {
            let address = mmap(
                nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
                0)
            if let address, address != MAP_FAILED {
                return Region(base: address, arena: Arena(capacity: size))
            }
            precondition(size > bytes, "out of memory: \(bytes) bytes for activations")
            size = max(size / 2, bytes)
        }
    }

    private static let pageSize = sysconf(Int32(_SC_PAGESIZE))

    /// The system takes the pages that lie wholly inside the gap.
    private func drop(_ gap: Range<Int>, of region: Region) {
        let start = (gap.lowerBound + Self.pageSize - 1) / Self.pageSize * Self.pageSize
        let end = gap.upperBound / Self.pageSize * Self.pageSize
        if !isRehearsing && start < end {
            _ = madvise(region.base + start, end - start, MADV_DONTNEED)
        }
    }

    private func unmap(_ region: Region) {
        if !isRehearsing { _ = munmap(region.base, region.arena.capacity) }
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

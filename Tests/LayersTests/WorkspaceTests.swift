import TestSupport
import Testing

@testable import Tensors

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Where the workspace's blocks lie, and when it asks the system for memory.
@Suite struct WorkspaceTests {
    @Test(arguments: 0..<20) func blocksNeverOverlapAndJoinAgain(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var arena = Arena(capacity: 1 << 16)
        var lent: [Range<Int>] = []
        for _ in 0..<500 {
            if Bool.random(using: &random), let block = lent.randomElement(using: &random) {
                lent.removeAll { $0 == block }
                arena.giveBack(block)
            } else if let block = arena.take(Int.random(in: 1...4096, using: &random)) {
                #expect(lent.allSatisfy { !$0.overlaps(block) }, "seed \(seed): \(block)")
                #expect(block.upperBound <= arena.end && arena.end <= arena.capacity)
                lent.append(block)
            }
            let gaps = arena.gaps.reduce(0) { $0 + $1.count }
            #expect(gaps + lent.reduce(0) { $0 + $1.count } == arena.end, "seed \(seed)")
        }
        lent.shuffled(using: &random).forEach { arena.giveBack($0) }
        #expect(arena.isFree && arena.gaps.count <= 1, "seed \(seed): \(arena.gaps)")
        arena.shrink()
        #expect(arena.end == 0 && arena.gaps == [])
    }

    @Test func theSmallestGapThatIsLargeEnoughServes() {
        var arena = Arena(capacity: 1000)
        let blocks = [300, 10, 100, 10, 200, 10].compactMap { arena.take($0) }
        for index in [0, 2, 4] { arena.giveBack(blocks[index]) }
        let later = [90, 200, 301, 301].map { arena.take($0) }
        #expect(later == [310..<400, blocks[4], 630..<931, nil])
    }

    /// A step's blocks, some of which outlive others.
    private func step(_ workspace: Workspace, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var held: [Storage] = []
        for _ in 0..<200 {
            if held.count > 5 { held.remove(at: Int.random(in: 0..<held.count, using: &random)) }
            held.append(workspace.take(bytes: Int.random(in: 0...3 << 20, using: &random)))
        }
    }

    @Test(arguments: [false, true]) func sameStepTakesNoNewMemory(rehearsing: Bool) {
        let workspace = Workspace(rehearsing: rehearsing)
        let context = workspace.take(bytes: 1000)
        step(workspace, seed: 1)
        let (growths, peak) = (workspace.growths, workspace.peakBytes)
        #expect(growths > 0)
        for _ in 0..<5 { step(workspace, seed: 1) }
        #expect(workspace.growths == growths && workspace.peakBytes == peak)
        #expect(workspace.bytesInUse == context.bytes)
        withExtendedLifetime(workspace.take(bytes: peak)) {
            #expect(workspace.growths == growths + 1)
        }
    }

    @Test func rehearsalPlacesBlocksAsARegionOfThatSizeDoes() {
        let rehearsal = Workspace(rehearsing: true)
        step(rehearsal, seed: 3)
        let workspace = Workspace()
        workspace.reserve(bytes: rehearsal.peakBytes)
        step(workspace, seed: 3)
        #expect(workspace.peakBytes == rehearsal.peakBytes)
        #expect(workspace.growths == rehearsal.growths)
    }

    @Test func moreThanWasReservedIsLentAllTheSame() {
        let workspace = Workspace()
        workspace.reserve(bytes: 1 << 12)
        let blocks = [1 << 12, 1 << 20, 1].map { workspace.take(bytes: $0) }
        for (index, block) in blocks.enumerated() {
            #expect(Int(bitPattern: block.pointer) % 64 == 0)
            memset(block.pointer, Int32(index), block.bytes)
        }
        withExtendedLifetime(blocks) { #expect(workspace.bytesInUse == workspace.peakBytes) }
    }

    @Test func trimmedMemoryLeavesTheProcess() {
        let workspace = Workspace()
        let kept = workspace.take(bytes: 1 << 20)
        var gone = Optional(workspace.take(bytes: 1 << 20))
        guard let address = gone?.pointer else { return }
        memset(kept.pointer, 1, kept.bytes)
        memset(address, 1, 1 << 20)
        #expect(residentPages(address, bytes: 1 << 20) > 250)
        gone = nil
        workspace.trim()
        #expect(residentPages(address, bytes: 1 << 20) == 0)
        #expect(residentPages(kept.pointer, bytes: 1 << 20) > 250)
    }

    /// Pages that are in memory, of those that lie wholly in the block.
    private func residentPages(_ pointer: UnsafeMutableRawPointer, bytes: Int) -> Int {
        let page = sysconf(Int32(_SC_PAGESIZE))
        let start = UnsafeMutableRawPointer(
            bitPattern: (Int(bitPattern: pointer) + page - 1) / page * page)
        let count = bytes / page - 1
        var states = [UInt8](repeating: 0, count: count)
        guard let start, mincore(start, count * page, &states) == 0 else { return 0 }
        return states.count { $0 & 1 == 1 }
    }
}

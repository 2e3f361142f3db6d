import Testing

@testable import Samplers

@Suite struct TorchRandomSourceTests {
    static let seeds: [UInt64] = [0, 42, 4_294_967_295, 1_099_511_627_781]

    @Test(arguments: seeds, ["16", "17", "1x4x5x3", "1x4x8x8"])
    func longDrawsAreTorchsBitForBit(seed: UInt64, shape: String) throws {
        let fixture = try Fixture("torch_randn")
        var source = TorchRandomSource(seed: seed)
        for name in ["seed\(seed).\(shape)", "seed\(seed).\(shape).second"] {
            let expected = try fixture[name]
            #expect(source.normal(count: expected.count).bits == expected.bits, "\(name)")
        }
    }

    // The C library's double log1p, sin and cos may differ from those torch was linked with.
    @Test(arguments: seeds)
    func shortDrawsAreTorchsToOneUlp(seed: UInt64) throws {
        let fixture = try Fixture("torch_randn")
        var source = TorchRandomSource(seed: seed)
        for name in ["seed\(seed).15", "seed\(seed).15.second"] {
            let expected = try fixture[name]
            let drawn = source.normal(count: expected.count)
            #expect(drawn.count == expected.count)
            for (found, wanted) in zip(drawn, expected) {
                #expect(abs(found - wanted) <= wanted.ulp, "\(name)")
            }
        }
    }

    /// FNV-1a over the bytes of `torch.randn(1, 4, 64, 64)`, first and second draw.
    @Test(arguments: [
        (UInt64(0), UInt64(0xdf76_3936_577c_ac18), UInt64(0xed12_25d6_b817_1e6a)),
        (42, 0xa6f5_89a0_8584_1b88, 0x036e_d68f_30e7_9d37),
        (4_294_967_295, 0xd7c7_51cb_2b47_6594, 0xe54a_7ed4_4b43_89e4),
        (1_099_511_627_781, 0x17f0_8c8f_b967_5489, 0x6d36_fcd7_3529_d940),
    ])
    func pictureSizedDrawsAreTorchsBitForBit(seed: UInt64, first: UInt64, second: UInt64) {
        var source = TorchRandomSource(seed: seed)
        #expect(fnv1a(source.normal(count: 16384)) == first)
        #expect(fnv1a(source.normal(count: 16384)) == second)
    }

    @Test func halfAPairOutlivesAShortDrawAndWaitsForTheNext() {
        var together = TorchRandomSource(seed: 7)
        var apart = TorchRandomSource(seed: 7)
        let four = together.normal(count: 4)
        #expect(apart.normal(count: 1) + apart.normal(count: 3) == four)
        _ = apart.normal(count: 1)
        #expect(apart.state.pendingNormalBits != nil)
        let waiting = apart.state.pendingNormalBits
        _ = apart.normal(count: 16)
        #expect(apart.state.pendingNormalBits == waiting)
    }

    @Test func onlyTheLowHalfOfASeedCounts() {
        var low = TorchRandomSource(seed: 5)
        var high = TorchRandomSource(seed: 5 | 1 << 40)
        #expect(low.normal(count: 20) == high.normal(count: 20))
    }

    @Test(arguments: [0, 1, 3, 16, 17, 700])
    func aSavedStateContinuesTheSameNumbers(drawn: Int) throws {
        var source = TorchRandomSource(seed: 99)
        _ = source.normal(count: drawn)
        var resumed = try #require(TorchRandomSource(state: source.state))
        #expect(resumed == source)
        #expect(resumed.normal(count: 5) == source.normal(count: 5))
        #expect(resumed.normal(count: 1000) == source.normal(count: 1000))
    }

    @Test func aDamagedStateIsRefused() {
        var state = TorchRandomSource(seed: 1).state
        state.position = 625
        #expect(TorchRandomSource(state: state) == nil)
        state.position = -1
        #expect(TorchRandomSource(state: state) == nil)
        state.position = 0
        state.words.removeLast()
        #expect(TorchRandomSource(state: state) == nil)
    }

    @Test func anEmptyDrawChangesNothing() {
        var source = TorchRandomSource(seed: 3)
        #expect(source.normal(count: 0).isEmpty)
        #expect(source == TorchRandomSource(seed: 3))
    }
}

extension [Float] {
    fileprivate var bits: [UInt32] { map(\.bitPattern) }
}

private func fnv1a(_ numbers: [Float]) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for number in numbers {
        for shift in stride(from: 0, to: 32, by: 8) {
            hash ^= UInt64(number.bitPattern >> UInt32(shift)) & 0xff
            hash &*= 0x100_0000_01b3
        }
    }
    return hash
}

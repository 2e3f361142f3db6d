import Tensors
import TestSupport
import Testing
import WeightStore

@testable import Layers

/// What of a weight file is in memory while a stage runs and after it.
@Suite struct WeightStreamTests {
    private static let layers = 12
    private static let bytesPerLayer = 1 << 20
    // A fault maps the pages around it as well, of what the file cache holds.
    private static let faultAround = 64 << 10

    private let order = (0..<layers).map { layer in
        [layer * bytesPerLayer..<(layer + 1) * bytesPerLayer]
    }

    /// Reads all layers twice under a budget of so many of them.
    /// - Parameter each: is told the resident bytes while a layer is in use.
    /// - Returns: the resident bytes after the end.
    private func read(budget layers: Int, each: (Int) -> Void) throws -> Int {
        try withTemporaryFolder { folder in
            let path = folder + "/weights"
            let file = try AtomicFile(path: path)
            for layer in 0..<Self.layers {
                try file.write(Array(repeating: UInt8(layer), count: Self.bytesPerLayer))
            }
            try file.commit()
            let weights = try MappedFile(path: path)
            let residency = WeightResidency(
                weights, order: order, budget: layers * Self.bytesPerLayer)
            let stream = WeightStream(weights, order: order, residency: residency)
            for (layer, ranges) in (order + order).enumerated() {
                stream.require(ranges)
                let isRight = ranges[0].allSatisfy {
                    Int(weights.bytes[$0]) == layer % Self.layers
                }
                #expect(isRight, "layer \(layer)")
                each(try #require(residentBytes(ofFilesAt: path)))
            }
            stream.finish()
            return try #require(residentBytes(ofFilesAt: path))
        }
    }

    @Test(arguments: [1, 2, 3, 7]) func streamedWeightsStayWithinTheirBudget(layers: Int) throws {
        let most = layers * Self.bytesPerLayer + 2 * Self.faultAround
        let left = try read(budget: layers) { resident in
            #expect(resident >= Self.bytesPerLayer)
            #expect(resident <= most, "\(resident) of \(most) bytes")
        }
        #expect(left == 0)
    }

    @Test func weightsThatFitStayUntilTheEnd() throws {
        var resident: [Int] = []
        let left = try read(budget: Self.layers) { resident.append($0) }
        #expect(resident.last == Self.layers * Self.bytesPerLayer)
        #expect(zip(resident, resident.dropFirst()).allSatisfy { $0 <= $1 }, "\(resident)")
        #expect(left == 0)
    }

    /// Largest layers stay, so that two of those that pass need little of the room.
    @Test(arguments: [(10, [2, 5]), (9, []), (11, [0, 2, 5])])
    func whatIsLargestStays(mebibytes: Int, staying: [Int]) throws {
        let sizes = [1, 1, 4, 1, 1, 4, 1, 1, 1]
        var order: [[Range<Int>]] = []
        for size in sizes {
            let start = order.last?[0].upperBound ?? 0
            order.append([start..<start + size << 20])
        }
        try withTemporaryFolder { folder in
            let file = try AtomicFile(path: folder + "/weights")
            try file.write(Array(repeating: 1, count: sizes.reduce(0, +) << 20))
            try file.commit()
            let residency = WeightResidency(
                try MappedFile(path: folder + "/weights"), order: order, budget: mebibytes << 20)
            let passing = order.indices.filter { !residency.passing(order[$0]).pages.isEmpty }
            #expect(Set(passing) == Set(order.indices).subtracting(staying))
            #expect(residency.residentBytes == mebibytes << 20)
        }
    }
}

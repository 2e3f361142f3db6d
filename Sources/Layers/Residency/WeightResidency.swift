package import WeightStore

/// Which of a stage's weights stay in memory and which pass through it, for a budget of bytes.
///
/// Pages belong to a layer when they lie wholly inside its weights. What stands between (biases, scales,
/// norms, pages that two layers share) is read along with the weights before it, and always stays.
package struct WeightResidency: Sendable {
    /// All bytes that the stage reads, and those of them that always stay.
    package let readBytes: Int
    package let heldBytes: Int
    /// The least budget: what always stays, and the largest layer.
    package let leastBytes: Int
    /// Bytes of the file that will be in memory at once, at most.
    package let residentBytes: Int
    /// Bytes that are read anew with each pass over the stage.
    package let passingBytes: Int
    /// Bytes of weights that pass through at once.
    let window: Int
    private let passing: Set<Range<Int>>
    private let segments: [Range<Int>: Range<Int>]
    private let file: MappedFile

    // A window that holds two layers' weights lets one be read while the other is used.
    private static let layersInWindow = 2
    // What stands between two layers' weights is less, unless it is another stage's.
    private static let widestGap = 256 << 10

    /// - Parameters:
    ///   - order: what each layer reads, layer after layer.
    ///   - budget: traps if it is below the least.
    package init(_ file: MappedFile, order: [[Range<Int>]], budget: Int) {
        self.init(file, order: order, limit: budget)
        precondition(residentBytes <= budget)
    }

    /// With everything in memory.
    package init(_ file: MappedFile, order: [[Range<Int>]]) {
        self.init(file, order: order, limit: .max)
    }

    private init(_ file: MappedFile, order: [[Range<Int>]], limit: Int) {
        self.file = file
        var uses: [Range<Int>: Int] = [:]
        for range in order.joined() { uses[range, default: 0] += 1 }
        let ranges = uses.keys.sorted { $0.lowerBound < $1.lowerBound }
        func bytes(_ ranges: [Range<Int>]) -> Int {
            ranges.reduce(0) { $0 + file.pages(within: $1).count }
        }
        segments = Self.segments(ranges, in: file)
        let all = bytes(ranges)
        readBytes = segments.values.reduce(0) { $0 + $1.count }
        heldBytes = max(readBytes - all, 0)
        let largest = order.map { bytes(Array(Set($0))) }.max() ?? 0
        leastBytes = heldBytes + largest
        guard limit - heldBytes < all else {
            (window, passing, residentBytes, passingBytes) = (0, [], readBytes, 0)
            return
        }
        let room = max(limit - heldBytes, largest)
        let passing = Self.passing(uses, order: order, room: room, bytes: bytes)
        let staying = bytes(uses.keys.filter { !passing.contains($0) })
        window = min(room - staying, bytes(Array(passing)))
        self.passing = passing
        passingBytes = uses.reduce(0) { sum, use in
            passing.contains(use.key) ? sum + use.value * file.pages(within: use.key).count : sum
        }
        residentBytes = heldBytes + staying + window
    }

    /// The ranges that do not stay where there is room for so many bytes.
    ///
    /// What is used most often stays first, then what is largest: the widest layers compute least for
    /// their bytes, so that the disk falls behind there, and without them two layers need less room.
    private static func passing(
        _ uses: [Range<Int>: Int], order: [[Range<Int>]], room: Int,
        bytes: ([Range<Int>]) -> Int
    ) -> Set<Range<Int>> {
        let ranked = uses.sorted {
            (-$0.value, -$0.key.count, $0.key.lowerBound)
                < (-$1.value, -$1.key.count, $1.key.lowerBound)
        }
        var layers: [Range<Int>: Set<Int>] = [:]
        for (layer, ranges) in order.enumerated() {
            for range in ranges { layers[range, default: []].insert(layer) }
        }
        var passingBytes = order.map { bytes(Array(Set($0))) }
        var free = room
        var (staying, spare) = (0, 0)
        for (index, use) in ranked.enumerated() {
            let count = bytes([use.key])
            guard count <= free else { break }
            free -= count
            for layer in layers[use.key, default: []] { passingBytes[layer] -= count }
            let window = layersInWindow * (passingBytes.max() ?? 0)
            if window <= free { (staying, spare) = (index + 1, free - window) }
        }
        // Smaller ones fill what the window does not need.
        return Set(
            ranked.dropFirst(staying).map(\.key).filter { range in
                let count = bytes([range])
                guard count <= spare else { return true }
                spare -= count
                return false
            })
    }

    /// From each range to the next one: whole pages, so that neighbours are read together.
    private static func segments(
        _ ranges: [Range<Int>], in file: MappedFile
    ) -> [Range<Int>: Range<Int>] {
        var segments: [Range<Int>: Range<Int>] = [:]
        for (index, range) in ranges.enumerated() {
            let next = index + 1 < ranges.count ? ranges[index + 1].lowerBound : file.count
            let end = max(min(next, range.upperBound + widestGap), range.upperBound)
            segments[range] = range.lowerBound / MappedFile.pageSize * MappedFile.pageSize..<end
        }
        return segments
    }

    /// Whether everything stays.
    var keepsAll: Bool { passing.isEmpty }

    /// Those of `ranges` that do not stay, and their bytes.
    func passing(_ ranges: [Range<Int>]) -> (pages: [Range<Int>], bytes: Int) {
        let pages = ranges.filter(passing.contains).map { file.pages(within: $0) }
        return (pages, pages.reduce(0) { $0 + $1.count })
    }

    /// What is read for `ranges`: they and what stands behind them.
    func segments(of ranges: [Range<Int>]) -> [Range<Int>] { ranges.compactMap { segments[$0] } }
}

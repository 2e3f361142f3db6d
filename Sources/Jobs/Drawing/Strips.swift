internal import Pictures
internal import WeightStore

/// The top of a picture that is being enlarged, kept on the disk strip by strip.
///
/// Only work that takes seconds is worth the writing.
final class Strips {
    private let spool: Spool
    private let id: String
    private let interval: Double
    /// What the strips depend on: those made with anything else are void.
    private let tag: String
    private var count = 0
    private var rows = 0
    private var keptAt = ContinuousClock.now

    /// - Parameter tags: of the picture that is being drawn.
    init(spool: Spool, id: String, tags: [String: String], interval: Double) {
        self.spool = spool
        self.id = id
        self.interval = interval
        tag = tags.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            .joined(separator: " ")
    }

    /// Strips that are on the disk, whatever they are worth.
    var stored: Int {
        var count = 0
        while isRegularFile(spool.stripFile(id, count)) { count += 1 }
        return count
    }

    /// The strips of a picture of `size` that were kept; work goes on below them.
    func load(size: (width: Int, height: Int)) -> [Picture] {
        keptAt = .now
        (count, rows) = (0, 0)
        var strips: [Picture] = []
        while let strip = read(count), strip.width == size.width,
            rows + strip.height <= size.height
        {
            strips.append(strip)
            count += 1
            rows += strip.height
        }
        return strips
    }

    private func read(_ index: Int) -> Picture? {
        guard let bytes = try? readFile(spool.stripFile(id, index)),
            let decoded = try? decodePNG(bytes), decoded.text(Self.key) == tag + " row=\(rows)",
            decoded.picture.channels == 3
        else { return nil }
        return decoded.picture
    }

    /// Keeps the next rows if the last ones were kept long enough ago; false where it does not.
    func offer(_ strip: () -> Picture) -> Bool {
        guard (ContinuousClock.now - keptAt) / .seconds(1) >= interval else { return false }
        let picture = strip()
        do {
            let png = try encodePNG(picture, texts: [(Self.key, tag + " row=\(rows)")])
            try AtomicFile.writeAtomically(png, to: spool.stripFile(id, count))
        } catch {
            // Like a checkpoint: more would be lost with the power, no more.
            return false
        }
        keptAt = .now
        count += 1
        rows += picture.height
        return true
    }

    private static let key = "inkstone"
}

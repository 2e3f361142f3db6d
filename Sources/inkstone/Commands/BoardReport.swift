import ArgumentParser
import Pipeline
import Terminal

/// A board by its name.
struct BoardChoice: ExpressibleByArgument {
    let board: Board

    init?(argument: String) {
        guard let board = Board.named(argument) else { return nil }
        self.board = board
    }

    static var allValueStrings: [String] { Board.all.map(\.name) }
}

/// What `inkstone inspect --board` prints: the time and the memory of each stage, and of all.
struct BoardReport {
    let board: Board
    let limit: Int
    let plan: MemoryPlan
    let estimate: BoardEstimate

    /// A table between the board and a line that sums it up.
    var text: String {
        let stages = table(
            header: ["stage", "runs", "GMAC", "computing", "read", "reading", "time", "memory"],
            rows: zip(estimate.stages, plan.stages).map { stage, memory in
                [
                    stage.stage.rawValue, "\(stage.runs)",
                    fixed(Double(stage.multiplyAdds) / 1e9, decimals: 1),
                    duration(stage.computeSeconds), readable(bytes: stage.readBytes),
                    duration(stage.readSeconds), duration(stage.seconds),
                    readable(bytes: memory.bytes),
                ]
            }, alignRight: Set(1...7))
        return """
            \(board.title): \(board.cores) \(board.coreName) at \(fixed(board.gigahertz, decimals: 1)) GHz, \
            \(readable(bytes: limit)) of memory, \(fixed(board.readBytesPerSecond / 1e6, decimals: 0)) MB/s from the card

            \(stages)
            a picture: \(duration(estimate.seconds)) (computed), \
            \(readable(bytes: plan.peakBytes)) of memory (exact)

            """
    }

    private func duration(_ seconds: Double) -> String { readable(.seconds(seconds)) }
}

internal import Layers
internal import Tensors

/// How long a picture takes on a board: computed, never measured there.
///
/// A stage's time is that of its cycles on all cores, or what reading its weights takes, where that is
/// longer: a helper reads ahead of the kernels.
package struct BoardEstimate: Sendable {
    package struct Stage: Sendable {
        package let stage: Progress.Stage
        /// How often the model is run.
        package let runs: Int
        /// Of all runs, as the direct sums take them.
        package let multiplyAdds: Int
        package let computeSeconds: Double
        /// Weights that are read from the card: all once, and those that pass through with each run.
        package let readBytes: Int
        package let readSeconds: Double

        package var seconds: Double { max(computeSeconds, readSeconds) }
    }

    package let stages: [Stage]

    package var seconds: Double { stages.reduce(0) { $0 + $1.seconds } }
}

extension StagePlans {
    /// - Parameters:
    ///   - board: whose executor the stages were planned on.
    ///   - evaluations: of the U-Net.
    package func estimate(on board: Board, evaluations: Int = 1) -> BoardEstimate {
        BoardEstimate(
            stages: plans.map { plan in
                let needs = plan.needs
                let runs = needs.stage == .denoise ? evaluations : 1
                let cycles = Double(runs) * board.core.cycles(needs.work)
                let readBytes = plan.weights.readBytes + (runs - 1) * plan.weights.passingBytes
                return BoardEstimate.Stage(
                    stage: needs.stage, runs: runs,
                    multiplyAdds: runs * needs.work.multiplyAdds.values.reduce(0, +),
                    computeSeconds: cycles / (Double(board.cores) * board.gigahertz * 1e9),
                    readBytes: readBytes,
                    readSeconds: Double(readBytes) / board.readBytesPerSecond)
            })
    }
}

extension TextToImage {
    /// How often a picture of the plan, begun with noise, has the U-Net evaluated.
    package func evaluations(of plan: Plan) throws -> Int {
        try walk(plan, picture: 0, from: nil).count
    }
}

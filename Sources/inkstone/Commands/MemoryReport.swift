import Pipeline
import Terminal

/// What `inkstone inspect --plan` prints: the memory of each stage, and of all.
struct MemoryReport {
    let plan: MemoryPlan
    let limit: Int?

    /// A table, and the peak under it.
    var text: String {
        let stages = table(
            header: ["stage", "weights", "resident", "activations", "pictures", "together"],
            rows: plan.stages.map { stage in
                [
                    stage.stage.rawValue, readable(bytes: stage.weightBytes),
                    readable(bytes: stage.residentWeightBytes),
                    readable(bytes: stage.activationBytes), readable(bytes: stage.pictureBytes),
                    readable(bytes: stage.bytes),
                ]
            }, alignRight: Set(1...5))
        let bound = limit.map { " of \(readable(bytes: $0))" } ?? ""
        return """
            \(stages)
            the program itself: \(readable(bytes: MemoryPlan.programBytes))
            peak: \(readable(bytes: plan.peakBytes))\(bound)

            """
    }
}

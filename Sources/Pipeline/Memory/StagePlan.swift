internal import Layers
internal import Tensors
internal import WeightStore

/// What a stage takes, as its rehearsal found it.
struct StageNeeds: Sendable {
    let stage: Progress.Stage
    /// The stage's weight file, and what each layer of a pass reads of it.
    let weights: MappedFile
    let order: [[Range<Int>]]
    /// Activations at their peak.
    let activationBytes: Int
    /// Pictures beside them, and the weights of LoRAs and ControlNets.
    let pictureBytes: Int
    /// Of a pass.
    let work: Work

    /// Rehearses a stage.
    /// - Parameters:
    ///   - rehearsal: tensors that it holds already are counted.
    ///   - passes: how often `body` runs the model, which reads the weights each time.
    init(
        _ stage: Progress.Stage, weights: WeightFile, besides pictureBytes: Int = 0,
        passes: Int = 1, on rehearsal: Executor, body: (Executor) throws -> Void
    ) rethrows {
        self.stage = stage
        self.weights = weights.file
        self.pictureBytes = pictureBytes
        let record = WeightRecord()
        rehearsal.workspace.trim()
        rehearsal.workspace.resetPeak()
        let counter = WorkCounter()
        try body(rehearsal.reading(from: record).counting(in: counter))
        rehearsal.workspace.trim()
        activationBytes = rehearsal.workspace.peakBytes
        work = counter.total.divided(by: passes)
        order = Array(record.order.prefix(record.order.count / passes))
    }

    /// What it takes with no more weights in memory than must be.
    var leastBytes: Int {
        activationBytes + pictureBytes + WeightResidency(weights, order: order).leastBytes
    }
}

/// A stage that can be rehearsed with more or less room for its activations.
struct PlannableStage {
    /// Finds out what the stage takes when its activations stay within a number of bytes, if they can.
    let rehearse: (_ activationBytes: Int) throws -> StageNeeds

    /// The stage with all weights in memory if that fits into `room` bytes, else with weights that
    /// pass through, else nil.
    func plan(within room: Int) throws -> StagePlan? {
        var activationBytes = Int.max
        var needs = try rehearse(activationBytes)
        var weights = WeightResidency(needs.weights, order: needs.order)
        for weightBytes in [weights.readBytes, weights.leastBytes] {
            if needs.activationBytes + needs.pictureBytes + weightBytes <= room { break }
            activationBytes = max(room - needs.pictureBytes - weightBytes, 0)
            needs = try rehearse(activationBytes)
        }
        let left = room - needs.activationBytes - needs.pictureBytes
        guard needs.leastBytes <= room else { return nil }
        weights = WeightResidency(needs.weights, order: needs.order, budget: left)
        return StagePlan(needs: needs, weights: weights, activationBytes: activationBytes)
    }

    /// The least that the stage takes.
    func leastBytes() throws -> Int { try rehearse(0).leastBytes }
}

/// A stage with its memory shared out.
package struct StagePlan: Sendable {
    let needs: StageNeeds
    let weights: WeightResidency
    /// Room for the activations: what it was rehearsed with.
    let activationBytes: Int

    var summary: MemoryPlan.Stage {
        MemoryPlan.Stage(
            stage: needs.stage, weightBytes: weights.readBytes,
            residentWeightBytes: weights.residentBytes, activationBytes: needs.activationBytes,
            pictureBytes: needs.pictureBytes)
    }

    /// Runs the stage: weights come in ahead of their use, and all memory is given back at its end.
    ///
    /// Throws `PipelineError.interrupted`, whatever `body` made of it, where the work was ended.
    func run<Value>(
        on executor: Executor, _ body: (Executor) throws -> Value
    ) throws -> Value {
        let stream = WeightStream(needs.weights, order: needs.order, residency: weights)
        defer {
            stream.finish()
            executor.workspace.trim()
        }
        let result = Result { try body(executor.reading(from: stream)) }
        guard !executor.isInterrupted else { throw PipelineError.interrupted }
        return try result.get()
    }
}

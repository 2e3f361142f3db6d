internal import Layers
internal import Tensors

/// What a request takes at most, stage by stage, known before anything runs.
///
/// Each stage is rehearsed: its layers ask for the memory of the real run and leave the arithmetic out.
public struct MemoryPlan: Sendable, Equatable {
    /// A stage's bytes; stages run one after the other.
    public struct Stage: Sendable, Equatable {
        /// The stage.
        public let stage: Progress.Stage
        /// Weights that it reads.
        public let weightBytes: Int
        /// Weights that are in memory at once: less than it reads where they are streamed.
        public let residentWeightBytes: Int
        /// Activations at their peak.
        public let activationBytes: Int
        /// What exists beside the activations: pictures, and the weights of LoRAs and ControlNets.
        public let pictureBytes: Int

        /// What of these is in memory at once.
        public var bytes: Int { residentWeightBytes + activationBytes + pictureBytes }
    }

    /// The stages in the order of their turns.
    public let stages: [Stage]

    /// The program itself: its code, its libraries, and what it holds while no stage runs.
    public static let programBytes = 16 << 20

    /// The most that is in memory at once.
    public var peakBytes: Int { Self.programBytes + (stages.map(\.bytes).max() ?? 0) }
}

/// The stages of a request, fitted into the memory there is.
package struct StagePlans: Sendable {
    let plans: [StagePlan]
    /// What they were fitted under; nil for what the machine has.
    let limit: Int?
    /// Activations of the stage that has most.
    private let activationBytes: Int

    /// What the stages take.
    package var memory: MemoryPlan { MemoryPlan(stages: plans.map(\.summary)) }

    /// Fits the stages under `limit` bytes, or into what the machine has where it is nil.
    ///
    /// Throws where they cannot be, naming what would do for `what`.
    init(_ stages: [PlannableStage], limit: Int?, for what: String) throws {
        self.limit = limit
        let room = Self.room(limit: limit)
        // The weights' addresses are taken already.
        let addresses = addressSpace() ?? .max
        plans = try stages.compactMap { stage in
            try stage.plan(within: room).flatMap { plan in
                let ownBytes = plan.needs.activationBytes + plan.needs.pictureBytes
                return ownBytes <= addresses ? plan : nil
            }
        }
        activationBytes = plans.map(\.needs.activationBytes).max() ?? 0
        guard plans.count < stages.count else { return }
        let least = MemoryPlan.programBytes + (try stages.map { try $0.leastBytes() }.max() ?? 0)
        throw limit.map {
            PipelineError.memoryLimit(what: what, limitBytes: $0, leastBytes: least)
        }
            ?? PipelineError.outOfMemory(
                what: what, neededBytes: least, availableBytes: min(room, addresses))
    }

    /// Bytes that a stage may take under `limit`, or of what the machine has where it is nil.
    static func room(limit: Int?) -> Int {
        limit.map { $0 - MemoryPlan.programBytes } ?? availableMemory() ?? .max
    }

    /// The plan of a stage, which there must be (trap).
    subscript(stage: Progress.Stage) -> StagePlan {
        guard let plan = plans.first(where: { $0.needs.stage == stage }) else {
            preconditionFailure("\(stage.rawValue) was not planned")
        }
        return plan
    }

    /// Has the workspace lend all stages' activations from one region.
    func reserve(on executor: Executor) {
        executor.workspace.reserve(bytes: activationBytes)
    }
}

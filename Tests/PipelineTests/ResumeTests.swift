import Pictures
import Pipeline
import Samplers
import Tensors
import TestSupport
import Testing
import WeightStore

/// Drawing that is broken off and taken up again.
@Suite struct ResumeTests {
    private let model = TestBundle.root + "/Models/emoji-zh"

    private func painter(_ interruption: Interruption? = nil) throws -> TextToImage {
        try InstructionSet.selectFromEnvironment()
        return TextToImage(
            try DiffusionBundle(path: model),
            on: Executor(threads: 2).interrupted(by: interruption))
    }

    private func request(_ sampler: SamplerKind, count: Int = 1) -> GenerationRequest {
        GenerationRequest(
            prompt: "熊猫，蓝色背景", steps: 4, guidance: 1, sampler: sampler.rawValue, seed: 3,
            count: count)
    }

    /// Through the file, at every step, with each sampler's own history and noise.
    @Test(arguments: SamplerKind.allCases.filter { $0 != .olss })
    func aCheckpointGivesTheSamePicture(_ sampler: SamplerKind) throws {
        let painter = try painter()
        let plan = try painter.plan(request(sampler))
        try withTemporaryFolder { folder in
            var steps = 0
            var whole: Picture?
            try painter.run(
                plan,
                step: { loop, _ in
                    steps = loop.index
                    try loop.checkpoint.write(to: "\(folder)/\(steps)", tags: ["a": "b"])
                }, each: { whole = $0.picture })
            #expect(steps >= 4)
            for step in 1...steps {
                let path = "\(folder)/\(step)"
                let checkpoint = try #require(DenoisingCheckpoint(path: path, tags: ["a": "b"]))
                #expect(checkpoint.index == step)
                var evaluations = 0
                try painter.run(
                    plan, from: .init(checkpoint: checkpoint),
                    step: { _, _ in evaluations += 1 }, each: { #expect($0.picture == whole) })
                #expect(evaluations == steps - step)
            }
            #expect(DenoisingCheckpoint(path: "\(folder)/1", tags: ["a": "c"]) == nil)
            #expect(DenoisingCheckpoint(path: "\(folder)/none", tags: [:]) == nil)
        }
    }

    @Test func aCheckpointOfAnotherShapeIsNotTaken() throws {
        let painter = try painter()
        var small: DenoisingCheckpoint?
        var other = request(.ddim)
        (other.width, other.height) = (32, 32)
        try painter.run(try painter.plan(other), step: { loop, _ in small = loop.checkpoint }) {
            _ in
        }
        var evaluations = 0
        try painter.run(
            try painter.plan(request(.ddim)), from: .init(checkpoint: small),
            step: { _, _ in evaluations += 1 }
        ) { _ in }
        #expect(evaluations == 4)
    }

    @Test func beginsWithALaterPicture() throws {
        let painter = try painter()
        let plan = try painter.plan(request(.eulerAncestral, count: 3))
        var all: [Picture] = []
        try painter.run(plan) { all.append($0.picture) }
        var later: [Picture] = []
        try painter.run(plan, from: .init(picture: 1)) { later.append($0.picture) }
        #expect(later == Array(all[1...]))
        try painter.run(plan, from: .init(picture: 3)) { _ in Issue.record("there is none left") }
    }

    @Test func anInterruptionEndsTheWork() throws {
        let interruption = Interruption()
        let painter = try painter(interruption)
        let plan = try painter.plan(request(.ddim))
        var checkpoints = 0
        #expect(throws: PipelineError.interrupted) {
            try painter.run(
                plan,
                step: { loop, _ in
                    checkpoints += 1
                    if loop.index == 2 { interruption.set() }
                }, each: { _ in Issue.record("no picture comes of it") })
        }
        #expect(checkpoints == 2)
    }

    /// The newest estimate of the clean latents, decoded, comes close to the picture at the end.
    @Test(arguments: [SamplerKind.ddim, .euler, .lms, .dpmpp2m])
    func previewsApproachThePicture(_ sampler: SamplerKind) throws {
        let painter = try painter()
        var request = request(sampler)
        (request.steps, request.guidance) = (10, 4)
        let plan = try painter.plan(request)
        var previews: [Picture] = []
        var picture: Picture?
        try painter.run(
            plan,
            step: { loop, _ in
                previews.append(try #require(try painter.preview(of: loop, in: plan)))
            }, each: { picture = $0.picture })
        let last = try #require(picture)
        let quality = previews.map { peakSignalToNoise($0, last) }
        #expect(previews.allSatisfy { $0.width == last.width && $0.height == last.height })
        #expect(quality[9] > 25, "\(quality)")
        #expect(quality[9] > quality[0] + 5, "\(quality)")
    }
}

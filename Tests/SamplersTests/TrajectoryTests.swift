#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif
import Testing

@testable import Samplers

/// A reference walk: the sampler it is for, the file that has it, and its parameters.
struct ReferenceWalk: Sendable, CustomTestStringConvertible {
    let kind: SamplerKind
    let prediction: PredictionType
    let steps: Int

    static let all = SamplerKind.allCases.flatMap { kind in
        [PredictionType.epsilon, .velocity].flatMap { prediction in
            [1, 5, 20].map { ReferenceWalk(kind: kind, prediction: prediction, steps: $0) }
        }
    }

    var file: String {
        switch kind {
        case .ddim: "ddim"
        case .pndm: "pndm"
        case .euler: "euler"
        case .eulerAncestral: "euler_a"
        case .dpmpp2m: "dpmpp_2m"
        case .dpmpp2mKarras: "dpmpp_2m_karras"
        }
    }

    var testDescription: String { "\(kind.rawValue) \(prediction.rawValue) \(steps)" }

    func array(_ name: String) throws -> [Float] {
        try Fixture(file)["\(prediction.rawValue).\(steps).\(name)"]
    }

    func makeSampler() throws -> any Sampler {
        try Samplers.makeSampler(
            kind, configuration: .reference(file, prediction), steps: steps)
    }
}

/// The made-up model of the reference walks.
func referenceModel(_ input: [Float], timestep: Double) -> [Float] {
    input.map { u in
        0.6 * tanh(Float(1.3) * u) + 0.1 * sin(Float(3) * u + Float(timestep) / 250)
    }
}

@Suite struct TrajectoryTests {
    @Test(arguments: ReferenceWalk.all)
    func walkMatchesDiffusersStepByStep(walk: ReferenceWalk) throws {
        var sampler = try walk.makeSampler()
        let expected = try walk.array("x")
        #expect(sampler.timesteps == (try walk.array("timesteps")).map(Double.init))
        let count = expected.count / (sampler.timesteps.count + 1)
        #expect(count == 64)

        var source = TorchRandomSource(seed: 101)
        var latents = source.normal(count: count).map { $0 * sampler.initialNoiseScale }
        expectClose(latents, Array(expected[..<count]))
        for index in sampler.timesteps.indices {
            let input = sampler.scaledInput(latents, at: index)
            latents = sampler.step(
                modelOutput: referenceModel(input, timestep: sampler.timesteps[index]),
                at: index, latents: latents
            ) { source.normal(count: count) }
            let wanted = Array(expected[((index + 1) * count)..<((index + 2) * count)])
            let error = relativeError(latents, wanted)
            #expect(error < 1e-5, "evaluation \(index): \(error)")
        }
    }

    @Test(arguments: ReferenceWalk.all)
    func noiseLevelsAreDiffusers(walk: ReferenceWalk) throws {
        let sigmas: [Float]
        switch try walk.makeSampler() {
        case let sampler as EulerSampler: sigmas = sampler.walk.sigmas
        case let sampler as EulerAncestralSampler: sigmas = sampler.walk.sigmas
        case let sampler as DPMSolverMultistepSampler: sigmas = sampler.walk.sigmas
        default: return
        }
        expectClose(sigmas, try walk.array("sigmas"))
    }

    @Test(arguments: SamplerKind.allCases)
    func aCopyWithItsHistoryResumesToTheSameBytes(kind: SamplerKind) throws {
        let walk = ReferenceWalk(kind: kind, prediction: .velocity, steps: 5)
        var sampler = try walk.makeSampler()
        var source = TorchRandomSource(seed: 5)
        var latents = source.normal(count: 21)
        for index in sampler.timesteps.indices {
            var resumed = try walk.makeSampler()
            resumed.history = sampler.history
            var resumedSource = try #require(TorchRandomSource(state: source.state))
            let output = referenceModel(latents, timestep: sampler.timesteps[index])
            let again = resumed.step(modelOutput: output, at: index, latents: latents) {
                resumedSource.normal(count: 21)
            }
            latents = sampler.step(modelOutput: output, at: index, latents: latents) {
                source.normal(count: 21)
            }
            #expect(again == latents)
            #expect(resumed.history == sampler.history)
            #expect(resumedSource == source)
        }
    }
}

/// Each number within `tolerance` of its own size. The default is one ulp at most: torch's square
/// root is not always the nearest number.
func expectClose(
    _ found: [Float], _ wanted: [Float], within tolerance: Double = 0x1p-23,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(found.count == wanted.count, sourceLocation: sourceLocation)
    let errors = zip(found, wanted).map { a, b in
        a == b ? 0 : Double(abs(a - b)) / Double(abs(b))
    }
    let worst = errors.max() ?? 0
    let place = errors.firstIndex(of: worst) ?? 0
    #expect(worst <= tolerance, "worst at \(place)", sourceLocation: sourceLocation)
}

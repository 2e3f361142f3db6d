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

    static let all = SamplerKind.byFormula.flatMap { kind in
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
        case .dpmpp2mSDE: "dpmpp_2m_sde"
        case .dpmpp2s: "dpmpp_2s"
        case .dpm2Ancestral: "dpm2_a"
        case .lms, .heun, .dpm2, .unipc, .ddpm, .lcm, .deis, .olss: kind.rawValue
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
        expectTimesteps(sampler.timesteps, try walk.array("timesteps"), walk.kind)
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
        let sampler = try walk.makeSampler()
        guard let sigmas = sigmas(of: sampler) else {
            #expect([.ddim, .pndm, .ddpm, .lcm].contains(walk.kind))
            return
        }
        var wanted = try walk.array("sigmas")
        if sampler.evaluationsPerStep == 2 {
            // diffusers lists a step's end twice, once as the next one's beginning, and ends DPM2
            // with zeros to spare.
            wanted = wanted.indices.filter { $0 % 2 == 1 || $0 == 0 }.map { wanted[$0] }
            wanted.removeLast(wanted.count - sigmas.count)
        }
        expectClose(sigmas, wanted)
    }

    /// Picture-to-picture runs in 10 steps under a DDIM checkpoint's configuration.
    @Test(arguments: SamplerKind.byFormula, [0, 3])
    func beginningPartWayMatchesDiffusers(kind: SamplerKind, start: Int) throws {
        if kind == .lms, start > 0 { return }
        let fixture = try Fixture("partway")
        let key = "\(start).\(ReferenceWalk(kind: kind, prediction: .epsilon, steps: 10).file)"
        var configuration = SchedulerConfiguration.latent
        configuration.setAlphaToOne = false
        configuration.clipSample = false
        configuration.timestepSpacing = .leading
        var sampler = try makeSampler(kind, configuration: configuration, steps: 10)
        var source = TorchRandomSource(seed: 17)
        let original = source.normal(count: 16)
        let noise = source.normal(count: 16)
        let first = start * sampler.evaluationsPerStep
        var latents = sampler.addNoise(to: original, noise: noise, at: first)
        #expect(relativeError(latents, try fixture[key + ".noised"]) < 1e-6)
        for index in first..<sampler.timesteps.count {
            let input = sampler.scaledInput(latents, at: index)
            let output = referenceModel(input, timestep: sampler.timesteps[index])
            latents = sampler.step(modelOutput: output, at: index, latents: latents) {
                source.normal(count: 16)
            }
        }
        let error = relativeError(latents, try fixture[key + ".end"])
        #expect(error < 1e-5)
    }

    @Test(arguments: SamplerKind.byFormula)
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

/// Timesteps equal to diffusers', to 10⁻⁶ of training's 1000 for the two samplers that find them
/// by float32 logarithms, where C libraries differ.
func expectTimesteps(_ found: [Double], _ wanted: [Float], _ kind: SamplerKind) {
    let tolerance = kind == .dpm2 || kind == .dpm2Ancestral ? 1e-3 : 0
    #expect(found.count == wanted.count)
    for (found, wanted) in zip(found, wanted) {
        #expect(abs(found - Double(wanted)) <= tolerance)
    }
}

/// The noise levels that a sampler of the σ families steps through; nil for the others.
func sigmas(of sampler: any Sampler) -> [Float]? {
    switch sampler {
    case let sampler as EulerSampler: sampler.walk.sigmas
    case let sampler as EulerAncestralSampler: sampler.walk.sigmas
    case let sampler as HeunSampler: sampler.walk.sigmas
    case let sampler as LMSSampler: sampler.walk.sigmas
    case let sampler as DPM2Sampler: sampler.walk.sigmas
    case let sampler as DPM2AncestralSampler: sampler.walk.sigmas
    case let sampler as DPMSolverMultistepSampler: sampler.walk.sigmas
    case let sampler as DPMSolverMultistepSDESampler: sampler.walk.sigmas
    case let sampler as DPMSolverSinglestepSampler: sampler.walk.sigmas
    case let sampler as UniPCSampler: sampler.walk.sigmas
    case let sampler as DEISSampler: sampler.walk.sigmas
    default: nil
    }
}

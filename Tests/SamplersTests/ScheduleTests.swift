import Testing

@testable import Samplers

@Suite struct ScheduleTests {
    @Test(arguments: [
        ("linear", SchedulerConfiguration()),
        ("scaled_linear", .latent),
        ("cosine", SchedulerConfiguration(betaSchedule: .squaredCosine)),
        ("rescaled", .rescaled),
    ])
    func noiseLevelsOfTrainingAreDiffusers(
        name: String, configuration: SchedulerConfiguration
    ) throws {
        let schedule = try NoiseSchedule(configuration)
        // Rescaling takes the last √ᾱ, about 0.07, from its neighbours: at the other end of the
        // schedule one ulp of a square root comes to 4e-6 of what is left.
        expectClose(
            schedule.alphaBar, try Fixture("schedules")["alpha_bar." + name],
            within: configuration.rescaleBetasZeroSNR ? 1e-5 : 0x1p-23)
    }

    @Test(arguments: TimestepSpacing.allCases, [3, 7, 30])
    func everySpacingGivesDiffusersTimesteps(spacing: TimestepSpacing, steps: Int) throws {
        let fixture = try Fixture("schedules")
        var configuration = SchedulerConfiguration.latent
        configuration.timestepSpacing = spacing
        for (name, kind) in [
            ("ddim", SamplerKind.ddim), ("pndm", .pndm), ("euler", .euler), ("dpm", .dpmpp2m),
        ] {
            let sampler = try makeSampler(kind, configuration: configuration, steps: steps)
            let key = "\(name).\(spacing.rawValue).\(steps)"
            #expect(
                sampler.timesteps == (try fixture[key + ".timesteps"]).map(Double.init), "\(key)")
            if let sigmas = sigmas(of: sampler) {
                expectClose(sigmas, try fixture[key + ".sigmas"])
                // √(σ² + 1) has a second root on top of σ's.
                expectClose(
                    [sampler.initialNoiseScale], try fixture[key + ".scale"], within: 0x1p-22)
            }
        }
    }

    @Test func eulerFollowsAConfigurationThatAsksForKarras() throws {
        let fixture = try Fixture("schedules")
        var configuration = SchedulerConfiguration.latent
        configuration.useKarrasSigmas = true
        let sampler = try EulerSampler(configuration, steps: 10)
        expectClose(sampler.walk.sigmas, try fixture["euler-karras.10.sigmas"])
        // The logarithms of two C libraries may differ in their last float32 bit: 1e-6 of 1000.
        for (found, wanted) in zip(
            sampler.timesteps, try fixture["euler-karras.10.timesteps"])
        {
            #expect(abs(found - Double(wanted)) < 1e-3)
        }
    }

    @Test(arguments: SamplerKind.byFormula, [-1, 0, 1001, 10001])
    func stepsOutsideTrainingAreRefused(kind: SamplerKind, steps: Int) {
        #expect(throws: SamplerError.stepCount(steps, limit: 1000)) {
            _ = try makeSampler(kind, configuration: .latent, steps: steps)
        }
    }

    @Test(arguments: SamplerKind.byFormula)
    func everyStepCountUpToTrainingsWalksToFiniteLatents(kind: SamplerKind) throws {
        for steps in kind == .lcm ? [1, 2, 3, 49, 50] : [1, 2, 3, 4, 15, 333, 999] {
            var sampler = try makeSampler(kind, configuration: .latent, steps: steps)
            var source = TorchRandomSource(seed: 11)
            var latents = [sampler.initialNoiseScale, -sampler.initialNoiseScale]
            for index in sampler.timesteps.indices {
                #expect((0...999).contains(sampler.timesteps[index]))
                let input = sampler.scaledInput(latents, at: index)
                latents = sampler.step(
                    modelOutput: input.map { 0.9 * $0 }, at: index, latents: latents
                ) { source.normal(count: 2) }
            }
            #expect(latents.allSatisfy { abs($0) < 100 }, "\(steps) steps: \(latents)")
        }
    }

    @Test func aConsistencyModelTakesNoMoreStepsThanItWasDistilledFrom() {
        #expect(throws: SamplerError.stepCount(51, limit: 50)) {
            _ = try makeSampler(.lcm, configuration: .latent, steps: 51)
        }
        #expect(throws: SamplerError.self) {
            _ = try makeSampler(
                .lcm, configuration: SchedulerConfiguration(originalInferenceSteps: 0), steps: 1)
        }
    }

    @Test func aTimestepBeyondTrainingIsRefused() {
        #expect(
            throws: SamplerError.timestepOutOfRange(timestep: 1000, trained: 1000, steps: 1000)
        ) {
            _ = try makeSampler(.ddim, configuration: .latent, steps: 1000)
        }
    }

    @Test func unknownNamesAreRefusedWithTheKnownOnes() {
        #expect(
            throws: SamplerError.unknownName(
                key: "beta_schedule", found: "sigmoid",
                known: ["linear", "scaled_linear", "squaredcos_cap_v2"])
        ) { _ = try BetaSchedule(named: "sigmoid") }
        #expect(throws: SamplerError.self) { _ = try PredictionType(named: "flow_prediction") }
        #expect(throws: SamplerError.self) { _ = try TimestepSpacing(named: "") }
    }

    @Test(arguments: [
        SchedulerConfiguration(trainTimesteps: 1_000_001),
        SchedulerConfiguration(trainTimesteps: 0),
        SchedulerConfiguration(trainTimesteps: .min),
        SchedulerConfiguration(stepsOffset: .max, timestepSpacing: .leading),
        SchedulerConfiguration(stepsOffset: -1),
        SchedulerConfiguration(betaStart: .nan),
        SchedulerConfiguration(betaEnd: 1),
        SchedulerConfiguration(betaStart: -0.1, betaSchedule: .scaledLinear),
        SchedulerConfiguration(trainedBetas: [0.1, 0.2]),
    ])
    func numbersThatMakeNoScheduleAreRefused(configuration: SchedulerConfiguration) {
        for kind in SamplerKind.byFormula {
            #expect(throws: SamplerError.self) {
                _ = try makeSampler(kind, configuration: configuration, steps: 1)
            }
        }
    }

    @Test func trainedBetasReplaceTheSchedule() throws {
        let betas = (0..<10).map { 0.01 * Double($0 + 1) }
        let schedule = try NoiseSchedule(
            SchedulerConfiguration(trainTimesteps: 10, trainedBetas: betas))
        #expect(schedule.alphaBar.count == 10)
        expectClose([schedule.alphaBar[1]], [Float(0.99 * 0.98)])
    }
}

@Suite struct SamplerKindTests {
    @Test func classNamesOfDiffusersGiveTheDefaultSampler() {
        func kind(
            _ name: String, karras: Bool = false, algorithm: String = "dpmsolver++"
        ) -> SamplerKind? {
            SamplerKind(
                schedulerClass: name,
                configuration: SchedulerConfiguration(
                    useKarrasSigmas: karras, algorithmType: algorithm))
        }
        #expect(kind("DDIMScheduler") == .ddim)
        #expect(kind("PNDMScheduler") == .pndm)
        #expect(kind("EulerDiscreteScheduler") == .euler)
        #expect(kind("EulerAncestralDiscreteScheduler") == .eulerAncestral)
        #expect(kind("DPMSolverMultistepScheduler") == .dpmpp2m)
        #expect(kind("DPMSolverMultistepScheduler", karras: true) == .dpmpp2mKarras)
        #expect(
            kind("DPMSolverMultistepScheduler", algorithm: "sde-dpmsolver++") == .dpmpp2mSDE)
        #expect(kind("KDPM2AncestralDiscreteScheduler") == .dpm2Ancestral)
        #expect(kind("FlowMatchEulerDiscreteScheduler") == nil)
    }

    /// x = √ᾱ·x₀ + √(1 − ᾱ)·ε with ᾱ(1) from the reference, and x₀ + σ·ε for Euler.
    @Test func addedNoiseHasTheLevelOfItsStep() throws {
        let alphaBar = try Fixture("schedules")["alpha_bar.scaled_linear"]
        let ddim = try makeSampler(.ddim, configuration: .latent, steps: 20)
        #expect(ddim.timesteps[12] == 351)
        let level = alphaBar[351]
        expectClose(
            ddim.addNoise(to: [2, 0], noise: [0, 3], at: 12),
            [2 * level.squareRoot(), 3 * (1 - level).squareRoot()])

        for kind in [SamplerKind.dpmpp2m, .dpmpp2mKarras] {
            let solver = try makeSampler(kind, configuration: .latent, steps: 20)
            let noised = solver.addNoise(to: [1, 0], noise: [0, 1], at: 7)
            #expect(abs(noised[0] * noised[0] + noised[1] * noised[1] - 1) < 1e-6)
        }

        let euler = try makeSampler(.euler, configuration: .latent, steps: 20)
        let sigma = euler.addNoise(to: [0], noise: [1], at: 0)[0]
        expectClose(euler.addNoise(to: [2], noise: [-3], at: 0), [2 - 3 * sigma])
        #expect(sigma == euler.initialNoiseScale)
    }

    @Test func latentPipelinesCorrectOutdatedConfigurations() {
        let corrected = SchedulerConfiguration(clipSample: true).correctedForLatents
        #expect(corrected == SchedulerConfiguration(stepsOffset: 1, clipSample: false))
    }
}

extension SchedulerConfiguration {
    fileprivate static var rescaled: Self {
        var configuration = latent
        configuration.rescaleBetasZeroSNR = true
        return configuration
    }
}

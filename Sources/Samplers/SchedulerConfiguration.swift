/// How the noise levels of training grow with the timestep: `beta_schedule`.
package enum BetaSchedule: String, CaseIterable, Sendable {
    /// Variances at equal distances.
    case linear
    /// Standard deviations at equal distances: latent diffusion's own.
    case scaledLinear = "scaled_linear"
    /// ᾱ(t) follows a squared cosine.
    case squaredCosine = "squaredcos_cap_v2"
}

/// What the model's output means: `prediction_type`.
package enum PredictionType: String, CaseIterable, Sendable {
    /// The noise ε in the latents.
    case epsilon
    /// The velocity v = α·ε − σ·x₀.
    case velocity = "v_prediction"
    /// The clean latents x₀.
    case sample
}

/// How the sampler's timesteps lie among those of training: `timestep_spacing`.
package enum TimestepSpacing: String, CaseIterable, Sendable {
    /// Multiples of a whole stride, from 0 up.
    case leading
    /// Multiples of an exact stride, from the last timestep down.
    case trailing
    /// Both ends and equal distances.
    case linspace
}

extension BetaSchedule {
    /// The schedule that `beta_schedule` names; throws `unknownName` with the known ones.
    package init(named name: String) throws(SamplerError) {
        self = try knownValue(name, key: "beta_schedule")
    }
}

extension PredictionType {
    /// The meaning that `prediction_type` names; throws `unknownName` with the known ones.
    package init(named name: String) throws(SamplerError) {
        self = try knownValue(name, key: "prediction_type")
    }
}

extension TimestepSpacing {
    /// The spacing that `timestep_spacing` names; throws `unknownName` with the known ones.
    package init(named name: String) throws(SamplerError) {
        self = try knownValue(name, key: "timestep_spacing")
    }
}

private func knownValue<Value>(_ name: String, key: String) throws(SamplerError) -> Value
where Value: RawRepresentable<String> & CaseIterable {
    guard let value = Value(rawValue: name) else {
        throw .unknownName(key: key, found: name, known: Value.allCases.map(\.rawValue))
    }
    return value
}

/// The keys of a checkpoint's `scheduler_config.json` that decide noise levels and timesteps.
///
/// A key that is nil here takes the default of the sampler that is made, as in diffusers, whose
/// scheduler classes do not agree about these.
/// - Source: diffusers 0.42.1. Not read: thresholding, `final_sigmas_type`, `sigma_min`,
///   `sigma_max`, exponential and beta sigmas; what tells solvers of one scheduler class apart
///   (`skip_prk_steps`, `solver_order`, `solver_type`) belongs to the sampler
///   chosen.
package struct SchedulerConfiguration: Equatable, Sendable {
    /// Noise levels in training, 1…1,000,000: `num_train_timesteps`.
    package var trainTimesteps: Int
    /// Variance added at the first timestep of training: `beta_start`.
    package var betaStart: Double
    /// Variance added at the last timestep of training: `beta_end`.
    package var betaEnd: Double
    /// The way from `betaStart` to `betaEnd`: `beta_schedule`.
    package var betaSchedule: BetaSchedule
    /// Variances one by one, in place of the three above: `trained_betas`.
    package var trainedBetas: [Double]?
    /// What the model's output means: `prediction_type`.
    package var predictionType: PredictionType
    /// Whether the step after the last is free of noise, or at timestep 0's level:
    /// `set_alpha_to_one`.
    package var setAlphaToOne: Bool?
    /// What is added to `leading` timesteps: `steps_offset`.
    package var stepsOffset: Int
    /// The place of timesteps: `timestep_spacing`.
    package var timestepSpacing: TimestepSpacing?
    /// Whether predicted clean latents are held to ±`clipSampleRange`: `clip_sample`.
    package var clipSample: Bool?
    /// `clip_sample_range`.
    package var clipSampleRange: Double
    /// Karras' noise levels: `use_karras_sigmas`.
    package var useKarrasSigmas: Bool
    /// What tells DPM-Solver's stochastic variant apart: `algorithm_type`.
    package var algorithmType: String
    /// Steps that a latent consistency model was distilled from: `original_inference_steps`.
    package var originalInferenceSteps: Int
    /// Whether the schedule is bent until its end is pure noise: `rescale_betas_zero_snr`.
    package var rescaleBetasZeroSNR: Bool
    /// What OLSS steps by, one for each number of steps; not upstream's key.
    package var olssTables: [OLSSTable] = []

    /// A configuration; what is left out is what diffusers takes where the key is missing.
    package init(
        trainTimesteps: Int = 1000,
        betaStart: Double = 0.0001,
        betaEnd: Double = 0.02,
        betaSchedule: BetaSchedule = .linear,
        trainedBetas: [Double]? = nil,
        predictionType: PredictionType = .epsilon,
        setAlphaToOne: Bool? = nil,
        stepsOffset: Int = 0,
        timestepSpacing: TimestepSpacing? = nil,
        clipSample: Bool? = nil,
        clipSampleRange: Double = 1,
        useKarrasSigmas: Bool = false,
        algorithmType: String = "dpmsolver++",
        originalInferenceSteps: Int = 50,
        rescaleBetasZeroSNR: Bool = false
    ) {
        self.trainTimesteps = trainTimesteps
        self.betaStart = betaStart
        self.betaEnd = betaEnd
        self.betaSchedule = betaSchedule
        self.trainedBetas = trainedBetas
        self.predictionType = predictionType
        self.setAlphaToOne = setAlphaToOne
        self.stepsOffset = stepsOffset
        self.timestepSpacing = timestepSpacing
        self.clipSample = clipSample
        self.clipSampleRange = clipSampleRange
        self.useKarrasSigmas = useKarrasSigmas
        self.algorithmType = algorithmType
        self.originalInferenceSteps = originalInferenceSteps
        self.rescaleBetasZeroSNR = rescaleBetasZeroSNR
    }

    /// Throws where timesteps could not be counted with these numbers.
    func checkTimesteps() throws(SamplerError) {
        let largest = 1_000_000
        guard (1...largest).contains(trainTimesteps) else {
            throw .invalidValue(
                key: "num_train_timesteps", found: "\(trainTimesteps)",
                expected: "1 to \(largest)")
        }
        guard (0...trainTimesteps).contains(stepsOffset) else {
            throw .invalidValue(
                key: "steps_offset", found: "\(stepsOffset)", expected: "0 to \(trainTimesteps)")
        }
    }

    /// This configuration with the two corrections that diffusers makes when a latent diffusion
    /// pipeline takes a scheduler: `steps_offset` is 1 and latents are not clipped.
    /// - Source: diffusers 0.42.1, `StableDiffusionPipeline.__init__`.
    package var correctedForLatents: SchedulerConfiguration {
        var corrected = self
        corrected.stepsOffset = 1
        corrected.clipSample = false
        return corrected
    }
}

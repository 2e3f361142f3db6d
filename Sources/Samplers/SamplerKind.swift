/// The samplers there are; the raw value is the name on the command line.
package enum SamplerKind: String, CaseIterable, Sendable {
    case ddim
    case pndm
    case euler
    case eulerAncestral = "euler-a"
    case dpmpp2m = "dpm++2m"
    case dpmpp2mKarras = "dpm++2m-karras"

    /// The name that AUTOMATIC1111's web interface shows and writes into pictures.
    package var displayName: String {
        switch self {
        case .ddim: "DDIM"
        case .pndm: "PLMS"
        case .euler: "Euler"
        case .eulerAncestral: "Euler a"
        case .dpmpp2m: "DPM++ 2M"
        case .dpmpp2mKarras: "DPM++ 2M Karras"
        }
    }

    /// The sampler that a checkpoint asks for by diffusers' class name (`_class_name`); nil where
    /// there is none like it.
    package init?(schedulerClass: String, configuration: SchedulerConfiguration) {
        switch schedulerClass {
        case "DDIMScheduler": self = .ddim
        case "PNDMScheduler": self = .pndm
        case "EulerDiscreteScheduler": self = .euler
        case "EulerAncestralDiscreteScheduler": self = .eulerAncestral
        case "DPMSolverMultistepScheduler":
            self = configuration.useKarrasSigmas ? .dpmpp2mKarras : .dpmpp2m
        default: return nil
        }
    }
}

/// The sampler of this kind for a checkpoint's schedule, walking in `steps` steps.
///
/// Throws where `steps` is not 1 up to the timesteps of training, or the configuration makes no
/// schedule or none for this kind.
package func makeSampler(
    _ kind: SamplerKind, configuration: SchedulerConfiguration, steps: Int
) throws(SamplerError) -> any Sampler {
    guard steps >= 1, steps <= configuration.trainTimesteps else {
        throw .stepCount(steps, limit: max(configuration.trainTimesteps, 1))
    }
    switch kind {
    case .ddim:
        return try DDIMSampler(configuration, steps: steps)
    case .pndm:
        return try PNDMSampler(configuration, steps: steps)
    case .euler:
        return try EulerSampler(configuration, steps: steps)
    case .eulerAncestral:
        return try EulerAncestralSampler(configuration, steps: steps)
    case .dpmpp2m:
        return try DPMSolverMultistepSampler(configuration, steps: steps, karras: false)
    case .dpmpp2mKarras:
        return try DPMSolverMultistepSampler(configuration, steps: steps, karras: true)
    }
}

/// The samplers there are; the raw value is the name on the command line.
package enum SamplerKind: String, CaseIterable, Sendable {
    case ddim
    case pndm
    case euler
    case eulerAncestral = "euler-a"
    case dpmpp2m = "dpm++2m"
    case dpmpp2mKarras = "dpm++2m-karras"
    case dpmpp2mSDE = "dpm++2m-sde"
    case dpmpp2s = "dpm++2s"
    case lms
    case heun
    case dpm2
    case dpm2Ancestral = "dpm2-a"
    case unipc
    case ddpm
    case lcm
    case deis
    /// By a table that comes with the model.
    case olss

    /// The name that AUTOMATIC1111's web interface shows and writes into pictures, where it has the
    /// sampler.
    package var displayName: String {
        switch self {
        case .ddim: "DDIM"
        case .pndm: "PLMS"
        case .euler: "Euler"
        case .eulerAncestral: "Euler a"
        case .dpmpp2m: "DPM++ 2M"
        case .dpmpp2mKarras: "DPM++ 2M Karras"
        case .dpmpp2mSDE: "DPM++ 2M SDE"
        case .dpmpp2s: "DPM++ 2S"
        case .lms: "LMS"
        case .heun: "Heun"
        case .dpm2: "DPM2"
        case .dpm2Ancestral: "DPM2 a"
        case .unipc: "UniPC"
        case .ddpm: "DDPM"
        case .lcm: "LCM"
        case .deis: "DEIS"
        case .olss: "OLSS"
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
            self =
                configuration.algorithmType == "sde-dpmsolver++"
                ? .dpmpp2mSDE : configuration.useKarrasSigmas ? .dpmpp2mKarras : .dpmpp2m
        case "DPMSolverSinglestepScheduler": self = .dpmpp2s
        case "LMSDiscreteScheduler": self = .lms
        case "HeunDiscreteScheduler": self = .heun
        case "KDPM2DiscreteScheduler": self = .dpm2
        case "KDPM2AncestralDiscreteScheduler": self = .dpm2Ancestral
        case "UniPCMultistepScheduler": self = .unipc
        case "DDPMScheduler": self = .ddpm
        case "LCMScheduler": self = .lcm
        case "DEISMultistepScheduler": self = .deis
        case "OLSSScheduler" where !configuration.olssTables.isEmpty: self = .olss
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
    try configuration.checkTimesteps()
    guard (1...configuration.trainTimesteps).contains(steps) else {
        throw .stepCount(steps, limit: configuration.trainTimesteps)
    }
    return switch kind {
    case .ddim: try DDIMSampler(configuration, steps: steps)
    case .pndm: try PNDMSampler(configuration, steps: steps)
    case .euler: try EulerSampler(configuration, steps: steps)
    case .eulerAncestral: try EulerAncestralSampler(configuration, steps: steps)
    case .dpmpp2m: try DPMSolverMultistepSampler(configuration, steps: steps, karras: false)
    case .dpmpp2mKarras: try DPMSolverMultistepSampler(configuration, steps: steps, karras: true)
    case .dpmpp2mSDE: try DPMSolverMultistepSDESampler(configuration, steps: steps)
    case .dpmpp2s: try DPMSolverSinglestepSampler(configuration, steps: steps)
    case .lms: try LMSSampler(configuration, steps: steps)
    case .heun: try HeunSampler(configuration, steps: steps)
    case .dpm2: try DPM2Sampler(configuration, steps: steps)
    case .dpm2Ancestral: try DPM2AncestralSampler(configuration, steps: steps)
    case .unipc: try UniPCSampler(configuration, steps: steps)
    case .ddpm: try DDPMSampler(configuration, steps: steps)
    case .lcm: try LCMSampler(configuration, steps: steps)
    case .deis: try DEISSampler(configuration, steps: steps)
    case .olss: try OLSSSampler(configuration, steps: steps)
    }
}

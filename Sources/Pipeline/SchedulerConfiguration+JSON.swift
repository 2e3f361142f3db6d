internal import Models
package import Samplers
package import WeightStore

extension SchedulerConfiguration {
    /// Reads the keys of diffusers' `scheduler_config.json`; unknown keys are left alone.
    package init(_ object: JSONObject) throws {
        func value<Value>(
            _ key: String, _ expected: String, _ convert: (JSONValue) -> Value?
        ) throws -> Value? {
            guard let found = object[key], found != .null else { return nil }
            guard let value = convert(found) else {
                throw ModelError.invalid(
                    model: "scheduler", key: key, expected: expected, found: found.text)
            }
            return value
        }
        func number(_ key: String) throws -> Double? { try value(key, "a number", \.double) }
        func integer(_ key: String) throws -> Int? { try value(key, "an integer", \.int) }
        func flag(_ key: String) throws -> Bool? { try value(key, "true or false", \.bool) }
        func name(_ key: String) throws -> String? { try value(key, "a string", \.string) }

        self.init()
        trainTimesteps = try integer("num_train_timesteps") ?? trainTimesteps
        betaStart = try number("beta_start") ?? betaStart
        betaEnd = try number("beta_end") ?? betaEnd
        betaSchedule = try name("beta_schedule").map { try BetaSchedule(named: $0) } ?? betaSchedule
        trainedBetas = try value("trained_betas", "a list of numbers") { list in
            let numbers = list.array?.compactMap(\.double)
            return numbers?.count == list.array?.count ? numbers : nil
        }
        predictionType =
            try name("prediction_type").map { try PredictionType(named: $0) } ?? predictionType
        setAlphaToOne = try flag("set_alpha_to_one")
        stepsOffset = try integer("steps_offset") ?? stepsOffset
        timestepSpacing = try name("timestep_spacing").map { try TimestepSpacing(named: $0) }
        clipSample = try flag("clip_sample")
        clipSampleRange = try number("clip_sample_range") ?? clipSampleRange
        useKarrasSigmas = try flag("use_karras_sigmas") ?? useKarrasSigmas
        algorithmType = try name("algorithm_type") ?? algorithmType
        originalInferenceSteps =
            try integer("original_inference_steps") ?? originalInferenceSteps
        olssTables =
            try value("olss_tables", "tables of timesteps, wx and we that belong together") {
                list in
                let tables = list.array?.compactMap(OLSSTable.init(json:))
                return tables?.count == list.array?.count ? tables : nil
            } ?? []
        rescaleBetasZeroSNR = try flag("rescale_betas_zero_snr") ?? rescaleBetasZeroSNR
    }
}

extension OLSSTable {
    /// `{"timesteps": […], "wx": […], "we": [[…], …]}`, as `inkstone-quantize --olss` writes it.
    fileprivate init?(json: JSONValue) {
        func floats(_ value: JSONValue?) -> [Float] {
            (value?.array ?? []).map { Float($0.double ?? .nan) }
        }
        self.init(
            timesteps: (json["timesteps"]?.array ?? []).map { $0.int ?? -1 },
            noiseWeights: floats(json["wx"]), outputWeights: (json["we"]?.array ?? []).map(floats))
    }
}

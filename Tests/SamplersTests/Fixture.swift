import Foundation
import Testing

@testable import Samplers

/// Reference arrays of one file of `Tests/Fixtures/samplers`, all float32.
struct Fixture {
    /// Arrays by name, flat.
    let arrays: [String: [Float]]

    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/samplers")

    init(_ name: String) throws {
        let data = try Data(contentsOf: Self.folder.appending(path: name + ".safetensors"))
        let start = 8 + data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = try JSONSerialization.jsonObject(with: data[8..<start])
        let entries = try #require(header as? [String: [String: Any]])
        arrays = try entries.mapValues { entry in
            let range = try #require(entry["data_offsets"] as? [Int])
            #expect(entry["dtype"] as? String == "F32")
            let bytes = [UInt8](data[(start + range[0])..<(start + range[1])])
            return stride(from: 0, to: bytes.count, by: 4).map { at in
                Float(
                    bitPattern: bytes[at..<(at + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) })
            }
        }
    }

    subscript(name: String) -> [Float] {
        get throws { try #require(arrays[name], "no array \(name)") }
    }
}

extension SchedulerConfiguration {
    /// The keys that reference walk `name` was made with.
    static func reference(_ name: String, _ prediction: PredictionType) throws -> Self {
        let data = try Data(
            contentsOf: Fixture.folder.appending(path: "configurations.json"))
        let all = try #require(
            try JSONSerialization.jsonObject(with: data) as? [String: [String: Any]])
        let keys = try #require(all[name])
        return SchedulerConfiguration(
            trainTimesteps: try #require(keys["num_train_timesteps"] as? Int),
            betaStart: try #require(keys["beta_start"] as? Double),
            betaEnd: try #require(keys["beta_end"] as? Double),
            betaSchedule: try BetaSchedule(named: try #require(keys["beta_schedule"] as? String)),
            predictionType: prediction,
            setAlphaToOne: keys["set_alpha_to_one"] as? Bool,
            stepsOffset: keys["steps_offset"] as? Int ?? 0,
            timestepSpacing: try (keys["timestep_spacing"] as? String).map {
                try TimestepSpacing(named: $0)
            },
            clipSample: keys["clip_sample"] as? Bool,
            useKarrasSigmas: keys["use_karras_sigmas"] as? Bool ?? false,
            rescaleBetasZeroSNR: keys["rescale_betas_zero_snr"] as? Bool ?? false)
    }

    /// Stable Diffusion's schedule.
    static let latent = SchedulerConfiguration(
        betaStart: 0.00085, betaEnd: 0.012, betaSchedule: .scaledLinear, stepsOffset: 1)
}

/// ‖a − b‖ / ‖b‖.
func relativeError(_ a: [Float], _ b: [Float]) -> Double {
    guard a.count == b.count else { return .infinity }
    let difference = zip(a, b).reduce(0.0) { sum, pair in
        sum + (Double(pair.0) - Double(pair.1)) * (Double(pair.0) - Double(pair.1))
    }
    return (difference / b.reduce(0.0) { $0 + Double($1) * Double($1) }).squareRoot()
}

import Testing
import WeightStore

@testable import Samplers

/// Reference arrays of one file of `Tests/Fixtures/samplers`, all float32.
struct Fixture {
    private let file: SafetensorsFile

    init(_ name: String) throws {
        file = try SafetensorsFile(path: Self.path(name + ".safetensors"))
    }

    static func path(_ name: String) -> String {
        let tests = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
        return tests.joined(separator: "/") + "/Fixtures/samplers/" + name
    }

    subscript(name: String) -> [Float] {
        get throws { try file.floats(name) }
    }
}

extension SchedulerConfiguration {
    /// The keys that reference walk `name` was made with.
    static func reference(_ name: String, _ prediction: PredictionType) throws -> Self {
        let all = try JSONObject.load(Fixture.path("configurations.json"))
        let keys = try #require(all[name])
        return SchedulerConfiguration(
            trainTimesteps: try #require(keys["num_train_timesteps"]?.int),
            betaStart: try #require(keys["beta_start"]?.double),
            betaEnd: try #require(keys["beta_end"]?.double),
            betaSchedule: try BetaSchedule(named: try #require(keys["beta_schedule"]?.string)),
            predictionType: prediction,
            setAlphaToOne: keys["set_alpha_to_one"]?.bool,
            stepsOffset: keys["steps_offset"]?.int ?? 0,
            timestepSpacing: try keys["timestep_spacing"]?.string.map {
                try TimestepSpacing(named: $0)
            },
            clipSample: keys["clip_sample"]?.bool,
            useKarrasSigmas: keys["use_karras_sigmas"]?.bool ?? false,
            rescaleBetasZeroSNR: keys["rescale_betas_zero_snr"]?.bool ?? false)
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

extension SamplerKind {
    /// Those that need no table.
    static var byFormula: [SamplerKind] { allCases.filter { $0 != .olss } }
}

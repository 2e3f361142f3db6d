import Pictures
import Pipeline
import Quantizer
import Tensors
import Terminal
import WeightStore

/// The order of the measurements, each beside the memory that it takes.
struct Evaluation {
    private(set) var figures: Figures
    /// The float32 model's first pictures, which the upscalers enlarge.
    private var samples: [Picture] = []

    private static let sampleCount = 4

    init(type: WeightType, precisions: [ActivationPrecision], threads: Int) {
        figures = Figures(type: type, precisions: precisions, threads: threads)
    }

    /// Compares a text-to-image model with its float32 form, stage by stage and picture by picture.
    mutating func compareModel(
        _ bundles: BundlePair.Paths, requests: [GenerationRequest]
    ) throws {
        figures.prompts = requests.map(\.prompt)
        var progress = ProgressBar()
        let comparison = try measured(bundles.float32, "\(bundles.name), f32", .preferred) {
            try ModelComparison(
                float32: Subject(bundle: $0, on: $1), requests: requests, progress: &progress)
        }
        samples = Array(comparison.pictures.prefix(Self.sampleCount))
        for (index, column) in figures.columns.enumerated() {
            let name = "\(bundles.name), \(bundles.type.rawValue), \(column.name)"
            figures.columns[index].quantities += try measured(
                bundles.quantised, name, column.precision
            ) {
                try comparison.quantities(
                    of: Subject(bundle: $0, on: $1), progress: &progress)
            }
        }
        progress.finish()
    }

    /// Compares an upscaler with its float32 form; `compareModel` has been called before.
    mutating func compareUpscaler(_ bundles: BundlePair.Paths) throws {
        let samples = samples
        let comparison = try measured(bundles.float32, "\(bundles.name), f32", .preferred) {
            try UpscalerComparison(
                name: bundles.name, float32: $0, pictures: samples, on: $1)
        }
        for (index, column) in figures.columns.enumerated() {
            let name = "\(bundles.name), \(bundles.type.rawValue), \(column.name)"
            figures.columns[index].quantities.append(
                try measured(bundles.quantised, name, column.precision) {
                    try comparison.quantity(of: $0, on: $1)
                })
        }
    }

    /// Runs `body` with the bundle at `path` and an executor of its own, and notes what that took.
    private mutating func measured<Result>(
        _ path: String, _ name: String, _ precision: ActivationPrecision,
        _ body: (String, Executor) throws -> Result
    ) throws -> Result {
        let bundle = try Bundle.open(path)
        let executor = Executor(threads: figures.threads, activation: precision)
        let counts = PeakMemory.reset()
        let result = try body(path, executor)
        figures.footprints.append(
            Figures.Footprint(
                name: name, weightBytes: bundle.stages.values.reduce(0) { $0 + $1.bytes },
                activationBytes: executor.workspace.peakBytes,
                residentBytes: counts ? PeakMemory.bytes : nil))
        return result
    }
}

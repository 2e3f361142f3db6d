import Pictures
import Pipeline
import Samplers
import Tensors
import Terminal
import TestSupport

/// What the float32 model makes of a list of requests, to compare quantised models with.
///
/// Every stage is compared alone, on inputs that come from the float32 model; then the pictures.
struct ModelComparison {
    private let requests: [GenerationRequest]
    /// The pictures, and for each what its stages are given and make of it.
    let pictures: [Picture]
    private let contexts: [Tensor]
    private let latents: [Tensor]
    private let decoded: [[Float]]
    /// For each timestep and picture the U-Net's input and output.
    private let noised: [[Evaluation]]
    private let pureNoise: [[Evaluation]]

    static let timesteps = [1, 250, 500, 750, 981]

    private struct Evaluation {
        let timestep: Int
        let input: Tensor
        let output: [Float]
    }

    /// Runs the float32 model; takes as long as drawing the requests.
    init(
        float32 subject: Subject, requests: [GenerationRequest], progress: inout ProgressBar
    ) throws {
        self.requests = requests
        pictures = try draw(requests, with: subject, stage: "draw f32", progress: &progress)
        contexts = try requests.map { try subject.hiddenStates($0) }
        latents = pictures.map { subject.latents(of: $0) }
        decoded = latents.map { subject.decode($0) }
        let schedule = try NoiseSchedule(subject.model.schedulerConfiguration)
        let (contexts, latents) = (contexts, latents)
        func evaluate(timestep: Int, alphaBar: Float) -> [Evaluation] {
            requests.indices.map { index in
                let input = latents[index].noised(
                    seed: requests[index].seed, alphaBar: alphaBar, in: subject.executor.workspace)
                let output = subject.noise(
                    in: input, timestep: timestep, context: contexts[index])
                return Evaluation(timestep: timestep, input: input, output: output)
            }
        }
        pureNoise = Self.timesteps.map { evaluate(timestep: $0, alphaBar: 0) }
        noised = Self.timesteps.map { evaluate(timestep: $0, alphaBar: schedule.alphaBar[$0]) }
    }

    /// How close `subject` comes, stage by stage.
    func quantities(of subject: Subject, progress: inout ProgressBar) throws -> [Quantity] {
        let stage = "draw \(subject.executor.activation.rawValue)"
        let drawn = try draw(requests, with: subject, stage: stage, progress: &progress)
        let text = try zip(requests, contexts).map {
            signalToNoise(try subject.hiddenStates($0).values, $1.values)
        }
        let encoded = zip(pictures, latents).map {
            signalToNoise(subject.latents(of: $0).values, $1.values)
        }
        let decodings = zip(latents, decoded).map { peakSignalToNoise(subject.decode($0), $1) }
        return [
            Quantity(
                name: Self.picturesName, measure: "PSNR", leastMean: 42, least: 38,
                values: zip(drawn, pictures).map { peakSignalToNoise($0.floats, $1.floats) }),
            Quantity(name: "text encoder", measure: "SNR", values: text),
        ] + unetQuantities(of: subject) + [
            Quantity(name: "VAE decoder", measure: "PSNR", values: decodings),
            Quantity(name: "VAE encoder", measure: "SNR", values: encoded),
        ]
    }

    static let picturesName = "pictures"

    private func unetQuantities(of subject: Subject) -> [Quantity] {
        func quantity(_ name: String, least: Double?, _ evaluations: [Evaluation]) -> Quantity {
            Quantity(
                name: "U-Net, t = \(evaluations[0].timestep), \(name)", measure: "SNR",
                least: least,
                values: zip(evaluations, contexts).map { evaluation, context in
                    let output = subject.noise(
                        in: evaluation.input, timestep: evaluation.timestep, context: context)
                    return signalToNoise(output, evaluation.output)
                })
        }
        return pureNoise.map { quantity("noise", least: 38, $0) }
            + noised.map { quantity("noised picture", least: nil, $0) }
    }
}

/// The first picture of each request.
private func draw(
    _ requests: [GenerationRequest], with subject: Subject, stage: String,
    progress: inout ProgressBar
) throws -> [Picture] {
    var pictures: [Picture] = []
    progress.update(stage: stage, step: 0, of: requests.count)
    for request in requests {
        pictures += try subject.draw(request).prefix(1)
        progress.update(stage: stage, step: pictures.count, of: requests.count)
    }
    return pictures
}

extension Picture {
    /// The pixels within 0…1.
    fileprivate var floats: [Float] { floats(order: .interleaved) }
}

extension Tensor {
    /// √ᾱ · x + √(1 − ᾱ) · ε, with torch's noise of `seed`.
    fileprivate func noised(seed: UInt64, alphaBar: Float, in workspace: Workspace) -> Tensor {
        var source = TorchRandomSource(seed: seed)
        let noise = Tensor(
            planar: source.normal(count: shape.count), shape: shape, in: workspace)
        let (signal, spread) = (alphaBar.squareRoot(), (1 - alphaBar).squareRoot())
        return Tensor(
            zip(values, noise.values).map { signal * $0 + spread * $1 }, shape: shape,
            in: workspace)
    }
}

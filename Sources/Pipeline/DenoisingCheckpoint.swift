package import Samplers
package import WeightStore

/// Where a denoising walk stands, between two of its steps.
package struct DenoisingCheckpoint: Equatable, Sendable {
    /// Evaluations done.
    package var index: Int
    /// [latentChannels, h, w] in planar order.
    package var latents: [Float]
    /// What the sampler carries along.
    package var history: SamplerHistory
    /// The generator of the noise that some samplers add.
    package var noise: TorchRandomSource.State
}

extension DenoisingCheckpoint {
    private enum Name {
        static let latents = "latents"
        static let noise = "noise.words"
        static let saved = "history.latents"
        static func output(_ number: Int) -> String { "history.outputs.\(number)" }
        static let index = "index"
        static let evaluations = "history.evaluations"
        static let position = "noise.position"
        static let pending = "noise.pending_normal_bits"
    }

    /// Writes it as a safetensors file that appears complete or not at all.
    /// - Parameter tags: go into the file's metadata, beside the checkpoint's own.
    package func write(to path: String, tags: [String: String]) throws(WeightError) {
        func tensor(_ name: String, _ values: [Float]) -> SafetensorsTensor {
            SafetensorsTensor(name: name, shape: [values.count], floats: values)
        }
        var tensors = [tensor(Name.latents, latents)]
        for (number, output) in history.outputs.enumerated() {
            tensors.append(tensor(Name.output(number), output))
        }
        if let saved = history.latents { tensors.append(tensor(Name.saved, saved)) }
        tensors.append(
            SafetensorsTensor(
                name: Name.noise, shape: [noise.words.count],
                integers: noise.words.map(Int32.init(bitPattern:))))
        var metadata = tags
        metadata[Name.index] = "\(index)"
        metadata[Name.evaluations] = "\(history.evaluations)"
        metadata[Name.position] = "\(noise.position)"
        metadata[Name.pending] = noise.pendingNormalBits.map { "\($0)" }
        try writeSafetensors(tensors, metadata: metadata, to: path)
    }

    /// Reads what `write` has written.
    /// - Returns: nil where the file's tags are others, or where it is no checkpoint.
    package init?(path: String, tags: [String: String]) {
        guard let file = try? SafetensorsFile(path: path),
            tags.allSatisfy({ file.metadata[$0.key] == $0.value }),
            let index = file.metadata[Name.index].flatMap(Int.init),
            let evaluations = file.metadata[Name.evaluations].flatMap(Int.init),
            let position = file.metadata[Name.position].flatMap(Int.init),
            let latents = try? file.floats(Name.latents),
            let words = try? file.integers(Name.noise)
        else { return nil }
        var outputs: [[Float]] = []
        while let output = try? file.floats(Name.output(outputs.count)) { outputs.append(output) }
        self.init(
            index: index, latents: latents,
            history: SamplerHistory(
                evaluations: evaluations, outputs: outputs, latents: try? file.floats(Name.saved)),
            noise: .init(
                words: words.map { UInt32(truncatingIfNeeded: $0) }, position: position,
                pendingNormalBits: file.metadata[Name.pending].flatMap(UInt64.init)))
    }
}

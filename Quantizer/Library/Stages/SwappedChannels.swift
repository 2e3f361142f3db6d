/// An RRDBNet that was trained with blue where its user gives red, turned round: its first layer's inputs
/// and its last layer's outputs in the opposite order.
///
/// PAI-Diffusion 2022 swaps the channels of the picture around the network instead.
/// - Source: EasyNLP, `modelzoo/models/latent_diffusion/RRDBNet_arch.py`.
final class SwappedChannels: CheckpointSource {
    var tensors: [CheckpointTensor] { source.tensors }
    var path: String { source.path }
    var files: [String] { source.files }
    private let source: any CheckpointSource

    init(_ source: any CheckpointSource) {
        self.source = source
    }

    func read(_ name: String) throws(QuantizerError) -> [Float] {
        let numbers = try source.read(name)
        let shape = source.tensors.first { $0.name == name }?.shape ?? []
        switch currentRRDBName(of: name) {
        case "conv_first.weight" where shape.count == 4:
            return swapped(numbers, outer: shape[0], axis: shape[1])
        case "conv_last.weight", "conv_last.bias":
            return swapped(numbers, outer: 1, axis: shape.first ?? 0)
        default:
            return numbers
        }
    }

    /// The middle one of three axes backwards.
    private func swapped(_ numbers: [Float], outer: Int, axis: Int) -> [Float] {
        let inner = numbers.count / max(outer * axis, 1)
        guard inner > 0, numbers.count == outer * axis * inner else { return numbers }
        return (0..<outer).flatMap { outer in
            (0..<axis).reversed().flatMap { index in
                let first = (outer * axis + index) * inner
                return numbers[first..<first + inner]
            }
        }
    }
}

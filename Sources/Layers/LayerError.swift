internal import WeightStore

/// Why a layer's weights cannot be used.
package enum LayerError: Error, CustomStringConvertible {
    /// A weight is stored in a form that its layer cannot read.
    case unsuitable(file: String, tensor: String, expected: String, found: String)
    /// The file holds tensors that the model does not know.
    case unexpected(file: String, tensors: [String])

    /// A LoRA does not fit the model.
    case foreignLoRA(file: String, layer: String, problem: String)

    package var description: String {
        switch self {
        case .foreignLoRA(let file, let layer, let problem):
            "\(printable(file)): a LoRA for another model: layer \"\(printable(layer))\" \(problem)"
        case .unsuitable(let file, let tensor, let expected, let found):
            "\(printable(file)): tensor \"\(printable(tensor))\": expected \(expected), "
                + "found \(found); quantize the checkpoint again"
        case .unexpected(let file, let tensors):
            "\(printable(file)): \(tensors.count) tensor(s) that the model's configuration does not "
                + "ask for, the first: \"\(printable(tensors.first ?? ""))\"; the configuration and the "
                + "weights belong to different models"
        }
    }
}

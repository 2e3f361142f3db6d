import WeightStore

/// A low-rank adapter: for some layers of a U-Net or text encoder two small matrices, whose product is
/// added to the layer's own.
///
/// Each alpha is multiplied into its `up`, as alpha / rank.
/// - Source: Hu et al., arXiv:2106.09685.
struct LoRAFile {
    private struct Layer {
        var down: CheckpointTensor?
        var up: CheckpointTensor?
        var alpha: CheckpointTensor?
    }

    private let source: any CheckpointSource
    private let layers: [Stage.Kind: [String: Layer]]

    /// Whether the file is one.
    static func recognizes(_ source: any CheckpointSource) -> Bool {
        source.tensors.contains { tensor in
            LoRAName(tensor.name).map { $0.part != .alpha } ?? false
                || isOtherAdapter(tensor.name)
        }
    }

    /// Relatives of LoRA that multiply their matrices otherwise.
    private static func isOtherAdapter(_ name: String) -> Bool {
        ["hada_w1", "lokr_w", "dora_scale", "lora_mid", "oft_"].contains { name.contains($0) }
    }

    init(_ source: any CheckpointSource) throws(QuantizerError) {
        var layers: [Stage.Kind: [String: Layer]] = [:]
        for tensor in source.tensors {
            guard !Self.isOtherAdapter(tensor.name), let name = LoRAName(tensor.name) else {
                throw .unsupported(
                    path: source.path,
                    what: "\"\(printable(tensor.name))\" is no plain LoRA's; LoHa, LoKr, DoRA and "
                        + "convolutions in three parts are not handled")
            }
            let place: WritableKeyPath<Layer, CheckpointTensor?> =
                switch name.part {
                case .down: \.down
                case .up: \.up
                case .alpha: \.alpha
                }
            var layer = layers[name.stage]?[name.layer] ?? Layer()
            guard layer[keyPath: place] == nil else {
                throw .malformed(
                    path: source.path,
                    what: "two tensors stand for \"\(printable(tensor.name))\"")
            }
            layer[keyPath: place] = tensor
            layers[name.stage, default: [:]][name.layer] = layer
        }
        self.source = source
        self.layers = layers
    }

    /// The adapted networks' stages, U-Net and text encoder as present.
    func stages() throws(QuantizerError) -> [Stage] {
        var stages: [Stage] = []
        for kind in Stage.Kind.allCases {
            guard let layers = layers[kind] else { continue }
            stages.append(try stage(kind, layers))
        }
        return stages
    }

    private func stage(
        _ kind: Stage.Kind, _ layers: [String: Layer]
    ) throws(QuantizerError) -> Stage {
        var shapes = JSONObject()
        var origins: [String: RenamedSource.Origin] = [:]
        for (name, layer) in layers.sorted(by: { $0.key < $1.key }) {
            let (down, up) = (try part(layer.down, name), try part(layer.up, name))
            let rank = down.shape[0]
            guard up.shape[1] == rank, up.shape[2...].allSatisfy({ $0 == 1 }) else {
                throw .wrongShape(
                    path: source.path, name: up.name, expected: [up.shape[0], rank],
                    found: up.shape)
            }
            shapes[name] = [
                "rank": JSONValue(rank), "in": JSONValue(down.shape[1]),
                "out": JSONValue(up.shape[0]),
                "kernel": JSONValue(down.shape.count == 4 ? down.shape[2] : 1),
            ]
            origins[name + ".lora_down.weight"] = .init(tensor: down)
            origins[name + ".lora_up.weight"] = .init(
                tensor: up, factor: try factor(layer, rank: rank))
        }
        return try Stage(
            kind: kind, architecture: .lora, configuration: ["layers": .object(shapes)],
            configurationPath: source.path, source: RenamedSource(source, origins))
    }

    /// A matrix, or a convolution of a square window.
    private func part(
        _ tensor: CheckpointTensor?, _ layer: String
    ) throws(QuantizerError) -> CheckpointTensor {
        guard let tensor else {
            throw .malformed(
                path: source.path, what: "half of the LoRA for \"\(printable(layer))\" is missing")
        }
        let shape = tensor.shape
        guard shape.count == 2 || (shape.count == 4 && shape[2] == shape[3]),
            shape.allSatisfy((1...ConfigurationReader.sizeLimit).contains)
        else {
            throw .wrongShape(
                path: source.path, name: tensor.name, expected: [0, 0], found: shape)
        }
        return tensor
    }

    private func factor(_ layer: Layer, rank: Int) throws(QuantizerError) -> Float {
        guard let alpha = layer.alpha else { return 1 }
        guard let value = try source.read(alpha.name).first, value.isFinite else {
            throw .malformed(path: source.path, what: "\"\(printable(alpha.name))\" is no number")
        }
        return value / Float(rank)
    }
}

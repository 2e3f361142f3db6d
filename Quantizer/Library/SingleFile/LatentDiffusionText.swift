import WeightStore

/// The text encoder of a latent-diffusion checkpoint, under transformers' names or OpenCLIP's.
/// - Source: diffusers, `loaders/single_file_utils.py`; mlfoundations/open_clip, `transformer.py`.
struct LatentDiffusionText {
    private static let transformersPrefix = "cond_stage_model.transformer."
    private static let openCLIPPrefix = "cond_stage_model.model."

    private let names: TensorNames
    private let isOpenCLIP: Bool

    init(_ source: any CheckpointSource) throws(QuantizerError) {
        let openCLIP = TensorNames(source, prefix: Self.openCLIPPrefix)
        isOpenCLIP = openCLIP.has("token_embedding.weight")
        guard !isOpenCLIP else {
            names = openCLIP
            return
        }
        var plain = TensorNames(source, prefix: Self.transformersPrefix + "text_model.")
        if plain.tensors.isEmpty { plain = TensorNames(source, prefix: Self.transformersPrefix) }
        names = plain
        guard names.has("embeddings.token_embedding.weight") else {
            throw .unsupported(
                path: source.path,
                what: "no text encoder that is known: neither "
                    + "\(Self.transformersPrefix)text_model.embeddings nor "
                    + "\(Self.openCLIPPrefix)token_embedding is there")
        }
    }

    var vocabularySize: Int {
        get throws(QuantizerError) { try names.extent(tokenTable, 0) }
    }

    private var tokenTable: String {
        isOpenCLIP ? "token_embedding.weight" : "embeddings.token_embedding.weight"
    }

    /// Layers that run: of OpenCLIP's, Stable Diffusion 2 takes what the last but one gives.
    private var layers: Int {
        isOpenCLIP
            ? max(names.count { "transformer.resblocks.\($0).ln_1.weight" } - 1, 0)
            : names.count { "encoder.layers.\($0).layer_norm1.weight" }
    }

    /// Upstream's configuration. OpenCLIP computes GELU itself where CLIP approximates it.
    func configuration() throws(QuantizerError) -> JSONObject {
        let width = try names.extent(tokenTable, 1)
        let positions = isOpenCLIP ? "positional_embedding" : "embeddings.position_embedding.weight"
        let hidden =
            isOpenCLIP
            ? "transformer.resblocks.0.mlp.c_fc.weight" : "encoder.layers.0.mlp.fc1.weight"
        return [
            "architectures": ["CLIPTextModel"], "hidden_act": isOpenCLIP ? "gelu" : "quick_gelu",
            "hidden_size": JSONValue(width),
            "intermediate_size": JSONValue(try names.extent(hidden, 0)),
            "num_hidden_layers": JSONValue(layers),
            "num_attention_heads": JSONValue(Self.heads(width)), "layer_norm_eps": 1e-5,
            "max_position_embeddings": JSONValue(try names.extent(positions, 0)),
            "vocab_size": JSONValue(try vocabularySize),
        ]
    }

    /// Every published encoder has heads of 64; narrower ones, made for tests, of 16.
    private static func heads(_ width: Int) -> Int {
        width.isMultiple(of: 64) ? width / 64 : max(width / 16, 1)
    }

    /// The tensors under transformers' names.
    func tensors() -> [String: RenamedSource.Origin] {
        guard isOpenCLIP else {
            return names.renamed { $0.hasSuffix("position_ids") ? nil : "text_model." + $0 }
        }
        var origins = names.renamed(openCLIPName)
        for layer in 0..<layers {
            for kind in ["weight", "bias"] {
                let fused = "transformer.resblocks.\(layer).attn.in_proj_\(kind)"
                guard let tensor = names.tensors[fused], let rows = tensor.shape.first else {
                    continue
                }
                for (index, part) in ["q", "k", "v"].enumerated() {
                    origins["text_model.encoder.layers.\(layer).self_attn.\(part)_proj.\(kind)"] =
                        RenamedSource.Origin(
                            tensor: tensor, rows: rows / 3 * index..<rows / 3 * (index + 1))
                }
            }
        }
        return origins
    }

    /// nil for what does not run, and for the projections that are taken apart.
    private func openCLIPName(_ name: String) -> String? {
        switch name {
        case "token_embedding.weight": return "text_model.embeddings.token_embedding.weight"
        case "positional_embedding": return "text_model.embeddings.position_embedding.weight"
        case "text_projection", "logit_scale", "attn_mask": return nil
        default: break
        }
        guard let (module, rest) = replacingModule(of: name, by: modules),
            !rest.hasPrefix("attn.in_proj_")
        else {
            return name.hasPrefix("transformer.resblocks.") ? nil : name
        }
        guard let (layer, kind) = replacingModule(of: rest, by: Self.openCLIPLayers) else {
            return "\(module).\(rest)"
        }
        return "\(module).\(layer).\(kind)"
    }

    private static let openCLIPLayers = [
        "ln_1": "layer_norm1", "ln_2": "layer_norm2", "attn.out_proj": "self_attn.out_proj",
        "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2",
    ]

    private var modules: [String: String] {
        var modules = ["ln_final": "text_model.final_layer_norm"]
        for layer in 0..<layers {
            modules["transformer.resblocks.\(layer)"] = "text_model.encoder.layers.\(layer)"
        }
        return modules
    }
}

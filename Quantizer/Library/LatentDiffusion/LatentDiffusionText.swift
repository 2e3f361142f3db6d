import WeightStore

/// The text encoder of a latent-diffusion checkpoint: CLIP under transformers' names, OpenCLIP's or
/// Wukong's, or BERT (Taiyi).
/// - Source: diffusers, `loaders/single_file_utils.py`; mlfoundations/open_clip, `transformer.py`;
///   IDEA-CCNL/Fengshenbang-LM, `utils/convert_diffusers_to_original_stable_diffusion.py`; EasyNLP,
///   `modelzoo/models/wukong/modeling_wukong.py`.
struct LatentDiffusionText {
    /// Whose names the tensors have.
    private enum Layout: CaseIterable {
        case clip
        case clipUnprefixed
        case openCLIP
        case wukong
        case bert

        var prefix: String {
            switch self {
            case .clip: "cond_stage_model.transformer.text_model."
            case .clipUnprefixed, .bert: "cond_stage_model.transformer."
            case .openCLIP, .wukong: "cond_stage_model.model."
            }
        }

        var tokenTable: String {
            switch self {
            case .clip, .clipUnprefixed: "embeddings.token_embedding.weight"
            case .openCLIP: "token_embedding.weight"
            case .wukong: "embedding_table"
            case .bert: "embeddings.word_embeddings.weight"
            }
        }
    }

    private let names: TensorNames
    private let layout: Layout
    private let knownHeads: Int?
    private let isPooled: Bool

    /// - Parameters:
    ///   - heads: of its attention; nil for what its width tells.
    ///   - isPooled: whether the U-Net was trained with one vector for the whole prompt.
    init(
        _ source: any CheckpointSource, heads: Int? = nil, isPooled: Bool = false
    ) throws(QuantizerError) {
        knownHeads = heads
        self.isPooled = isPooled
        for layout in Layout.allCases {
            let names = TensorNames(source, prefix: layout.prefix)
            guard names.has(layout.tokenTable) else { continue }
            self.names = names
            self.layout = layout
            return
        }
        let known = Layout.allCases.map { $0.prefix + $0.tokenTable }.joined(separator: ", ")
        throw .unsupported(
            path: source.path, what: "no text encoder that is known: none of \(known) is there")
    }

    var architecture: Architecture {
        switch layout {
        case .bert: .bertModel
        case .wukong where isPooled: .wukongText
        default: .clipTextModel
        }
    }

    var vocabularySize: Int {
        get throws(QuantizerError) { try names.extent(layout.tokenTable, 0) }
    }

    /// Upstream's configuration.
    func configuration() throws(QuantizerError) -> JSONObject {
        switch layout {
        case .clip, .clipUnprefixed:
            return try configuration(
                positions: "embeddings.position_embedding.weight",
                hidden: "encoder.layers.0.mlp.fc1.weight",
                ["hidden_act": "quick_gelu", "layer_norm_eps": 1e-5])
        case .openCLIP:
            // It computes GELU itself where CLIP approximates it.
            return try configuration(
                positions: "positional_embedding",
                hidden: "transformer.resblocks.0.mlp.c_fc.weight",
                ["hidden_act": "gelu", "layer_norm_eps": 1e-5])
        case .wukong:
            var own: JSONObject = ["hidden_act": "quick_gelu", "layer_norm_eps": 1e-7]
            if isPooled {
                own["projection_dim"] = JSONValue(try names.extent("text_projection", 1))
            }
            return try configuration(
                positions: "positional_embedding",
                hidden: "transformer.resblocks.0.mlp.c_fc.weight", own)
        case .bert:
            let types = try names.extent("embeddings.token_type_embeddings.weight", 0)
            return try configuration(
                positions: "embeddings.position_embeddings.weight",
                hidden: "encoder.layer.0.intermediate.dense.weight",
                [
                    "hidden_act": "gelu", "layer_norm_eps": 1e-12, "pad_token_id": 0,
                    "type_vocab_size": JSONValue(types),
                ])
        }
    }

    private func configuration(
        positions: String, hidden: String, _ own: JSONObject
    ) throws(QuantizerError) -> JSONObject {
        let width = try names.extent(layout.tokenTable, 1)
        var object = own
        object["architectures"] = .list([architecture.rawValue])
        object["hidden_size"] = JSONValue(width)
        object["intermediate_size"] = JSONValue(try names.extent(hidden, 0))
        object["num_hidden_layers"] = JSONValue(layers)
        object["num_attention_heads"] = JSONValue(knownHeads ?? Self.heads(width))
        object["max_position_embeddings"] = JSONValue(try names.extent(positions, 0))
        object["vocab_size"] = JSONValue(try vocabularySize)
        return object
    }

    /// Layers that run: of OpenCLIP's, Stable Diffusion 2 takes what the last but one gives.
    private var layers: Int {
        switch layout {
        case .clip, .clipUnprefixed:
            names.count { "encoder.layers.\($0).layer_norm1.weight" }
        case .openCLIP: max(names.count { "transformer.resblocks.\($0).ln_1.weight" } - 1, 0)
        case .wukong: names.count { "transformer.resblocks.\($0).ln_1.weight" }
        case .bert: names.count { "encoder.layer.\($0).intermediate.dense.weight" }
        }
    }

    /// Every published encoder has heads of 64; narrower ones, made for tests, of 16.
    private static func heads(_ width: Int) -> Int {
        width.isMultiple(of: 64) ? width / 64 : max(width / 16, 1)
    }

    /// The tensors under transformers' names.
    func tensors() -> [String: RenamedSource.Origin] {
        switch layout {
        case .clip, .clipUnprefixed:
            names.renamed { $0.hasSuffix("position_ids") ? nil : "text_model." + $0 }
        case .openCLIP, .wukong: openCLIPTensors()
        case .bert: names.renamed { $0 }
        }
    }
}

// MARK: - OpenCLIP and Wukong

extension LatentDiffusionText {
    private func openCLIPTensors() -> [String: RenamedSource.Origin] {
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
        if architecture == .wukongText, let projection = names.tensors["text_projection"] {
            origins["text_projection.weight"] = RenamedSource.Origin(
                tensor: projection, isTransposed: true)
        }
        return origins
    }

    /// nil for what does not run, and for the projections that are taken apart.
    private func openCLIPName(_ name: String) -> String? {
        switch name {
        case "token_embedding.weight", "embedding_table":
            return "text_model.embeddings.token_embedding.weight"
        case "positional_embedding": return "text_model.embeddings.position_embedding.weight"
        case "text_projection", "logit_scale", "attn_mask": return nil
        default: break
        }
        guard let (module, rest) = replacingModule(of: name, by: openCLIPModules),
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

    private var openCLIPModules: [String: String] {
        var modules = ["ln_final": "text_model.final_layer_norm"]
        for layer in 0..<layers {
            modules["transformer.resblocks.\(layer)"] = "text_model.encoder.layers.\(layer)"
        }
        return modules
    }
}

package import WeightStore

/// The network classes that are known, by upstream's name.
package enum Architecture: String, CaseIterable, Sendable {
    case clipTextModel = "CLIPTextModel"
    case bertModel = "BertModel"
    case chineseCLIPTextModel = "ChineseCLIPTextModel"
    case wukongText = "FrozenWukongCLIPTextEmbedder"
    case unet = "UNet2DConditionModel"
    case autoencoder = "AutoencoderKL"
    case tinyAutoencoder = "AutoencoderTiny"
    case lora = "LoRA"
    case textualInversion = "TextualInversion"
    case controlNet = "ControlNetModel"
    case rrdbNet = "RRDBNet"
    case compactNet = "SRVGGNetCompact"

    /// All tensors of a network of this class with this configuration.
    /// - Parameter path: where the configuration stands, for messages.
    package func expectedTensors(
        _ configuration: JSONObject, path: String
    ) throws(QuantizerError) -> ExpectedTensors {
        try expectedTensors(ConfigurationReader(path: path, object: configuration))
    }

    func expectedTensors(
        _ configuration: ConfigurationReader
    ) throws(QuantizerError) -> ExpectedTensors {
        switch self {
        case .clipTextModel: try .clipTextModel(configuration)
        case .wukongText: try .wukongText(configuration)
        case .bertModel, .chineseCLIPTextModel: try .bert(configuration)
        case .unet: try .unet(configuration)
        case .autoencoder: try .autoencoder(configuration)
        case .tinyAutoencoder: try .tinyAutoencoder(configuration)
        case .lora: try .lora(configuration)
        case .textualInversion: try .textualInversion(configuration)
        case .controlNet: try .controlNet(configuration)
        case .rrdbNet: try .rrdbNet(configuration)
        case .compactNet: try .compactNet(configuration)
        }
    }

    /// The weights of the first and the last layer, where their names do not say it.
    func ends(of expected: ExpectedTensors) -> Set<String> {
        let networks: [String]
        switch self {
        case .compactNet: networks = [""]
        case .tinyAutoencoder: networks = ["decoder.", "encoder."]
        default: return []
        }
        let matrices = expected.tensors.filter { $0.role == .matrix }.map(\.name)
        return Set(
            networks.flatMap { network in
                let own = matrices.filter { $0.hasPrefix(network) }
                return [own.first, own.last].compactMap(\.self)
            })
    }

    /// The name that upstream gives a tensor today; nil for what is no weight.
    package func currentName(of name: String) -> String? {
        switch self {
        case .clipTextModel:
            if name.hasSuffix(".position_ids") { return nil }
            return name.hasPrefix("text_model.") ? name : "text_model." + name
        case .bertModel, .chineseCLIPTextModel: return currentBertName(of: name)
        case .autoencoder: return currentAutoencoderName(of: name)
        case .rrdbNet: return currentRRDBName(of: name)
        case .wukongText, .unet, .tinyAutoencoder, .lora, .textualInversion, .controlNet,
            .compactNet:
            return name
        }
    }
}

/// What heads are trained with stands beside the encoder, which a larger model may hold under a prefix.
private func currentBertName(of name: String) -> String? {
    let prefixes = ["bert.", "text_model."]
    let prefix = prefixes.first(where: name.hasPrefix) ?? ""
    let own = String(name.dropFirst(prefix.count))
    let isOther = own.hasPrefix("pooler.") || own.hasPrefix("cls.") || own.hasSuffix("_ids")
    return isOther ? nil : own
}

/// Until diffusers 0.17 the autoencoder's attention had names of its own.
private func currentAutoencoderName(of name: String) -> String {
    let renamed = [
        "query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0",
        "norm": "group_norm",
    ]
    var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard let at = parts.firstIndex(of: "attentions"), at + 2 < parts.count,
        let current = renamed[parts[at + 2]]
    else { return name }
    parts[at + 2] = current
    return parts.joined(separator: ".")
}

extension ExpectedTensors {
    /// CLIPTextModel: embeddings, pre-norm transformer layers, a last norm.
    ///
    /// The names carry transformers' prefix `text_model.`, which its version 5 leaves out of files.
    /// - Source: transformers, `models/clip/modeling_clip.py`.
    static func clipTextModel(
        _ configuration: ConfigurationReader
    ) throws(QuantizerError) -> ExpectedTensors {
        let width = try configuration.size("hidden_size", default: 512)
        let hidden = try configuration.size("intermediate_size", default: 2048)
        let layers = try configuration.size(
            "num_hidden_layers", default: 12, limit: ConfigurationReader.countLimit)
        let heads = try configuration.size("num_attention_heads", default: 8)
        let rows = try configuration.size("vocab_size", default: 49408)
        let positions = try configuration.size("max_position_embeddings", default: 77)
        guard width.isMultiple(of: heads) else {
            throw configuration.failure("num_attention_heads", expected: "a divisor of \(width)")
        }
        var list = ExpectedTensors()
        list.table("text_model.embeddings.token_embedding.weight", rows, width)
        list.table("text_model.embeddings.position_embedding.weight", positions, width)
        for layer in 0..<layers {
            let name = "text_model.encoder.layers.\(layer)"
            list.norm(name + ".layer_norm1", width)
            for part in ["q_proj", "k_proj", "v_proj", "out_proj"] {
                list.linear(name + ".self_attn." + part, width, width)
            }
            list.norm(name + ".layer_norm2", width)
            list.linear(name + ".mlp.fc1", width, hidden)
            list.linear(name + ".mlp.fc2", hidden, width)
        }
        list.norm("text_model.final_layer_norm", width)
        return list
    }
    /// The text encoder of PAI-Diffusion 2022: CLIPTextModel, and a projection of its pooled vector.
    /// - Source: EasyNLP, `modelzoo/models/latent_diffusion/wukong.py`.
    static func wukongText(
        _ configuration: ConfigurationReader
    ) throws(QuantizerError) -> ExpectedTensors {
        var list = try clipTextModel(configuration)
        let width = try configuration.size("hidden_size", default: 512)
        let outputs = try configuration.size("projection_dim", default: width)
        list.linear("text_projection", width, outputs, bias: false)
        return list
    }
}

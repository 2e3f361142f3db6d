extension ExpectedTensors {
    /// BertModel and ChineseCLIPTextModel without their poolers: embeddings, post-norm transformer layers.
    /// - Source: transformers, `models/bert/modeling_bert.py`,
    ///   `models/chinese_clip/modeling_chinese_clip.py`.
    static func bert(_ configuration: ConfigurationReader) throws(QuantizerError) -> ExpectedTensors
    {
        let width = try configuration.size("hidden_size", default: 768)
        let hidden = try configuration.size("intermediate_size", default: 3072)
        let layers = try configuration.size(
            "num_hidden_layers", default: 12, limit: ConfigurationReader.countLimit)
        let heads = try configuration.size("num_attention_heads", default: 12)
        let rows = try configuration.size("vocab_size", default: 30522)
        let positions = try configuration.size("max_position_embeddings", default: 512)
        let types = try configuration.size("type_vocab_size", default: 2)
        guard width.isMultiple(of: heads) else {
            throw configuration.failure("num_attention_heads", expected: "a divisor of \(width)")
        }
        var list = ExpectedTensors()
        list.table("embeddings.word_embeddings.weight", rows, width)
        list.table("embeddings.position_embeddings.weight", positions, width)
        list.table("embeddings.token_type_embeddings.weight", types, width)
        list.norm("embeddings.LayerNorm", width)
        for layer in 0..<layers {
            let name = "encoder.layer.\(layer)"
            for part in ["query", "key", "value"] {
                list.linear("\(name).attention.self.\(part)", width, width)
            }
            list.linear("\(name).attention.output.dense", width, width)
            list.norm("\(name).attention.output.LayerNorm", width)
            list.linear("\(name).intermediate.dense", width, hidden)
            list.linear("\(name).output.dense", hidden, width)
            list.norm("\(name).output.LayerNorm", width)
        }
        return list
    }
}

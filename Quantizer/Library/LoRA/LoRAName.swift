/// What a tensor's name in a LoRA file says.
///
/// | naming | example |
/// |---|---|
/// | attention processors (PAI) | `….attn1.processor.to_q_lora.down.weight` |
/// | diffusers | `unet.….attn1.to_q.lora.down.weight` |
/// | PEFT | `unet.….attn1.to_q.lora_A.weight` |
/// | kohya | `lora_unet_…_attn1_to_q.lora_down.weight`, `….alpha` |
/// - Source: diffusers, `loaders/lora_conversion_utils.py`; kohya-ss/sd-scripts, `networks/lora.py`.
struct LoRAName: Equatable {
    /// What the tensor is to its layer.
    enum Part {
        case down
        case up
        case alpha
    }

    let stage: Stage.Kind
    /// The layer, by diffusers' or transformers' name.
    let layer: String
    let part: Part

    private static let endings: [(String, Part)] = [
        (".lora_down.weight", .down), (".lora_up.weight", .up), (".lora.down.weight", .down),
        (".lora.up.weight", .up), ("_lora.down.weight", .down), ("_lora.up.weight", .up),
        (".lora_A.weight", .down), (".lora_B.weight", .up),
        (".lora_linear_layer.down.weight", .down), (".lora_linear_layer.up.weight", .up),
        (".alpha", .alpha),
    ]

    private static let prefixes: [(String, Stage.Kind, isFlat: Bool)] = [
        ("lora_unet_", .unet, true), ("lora_te_", .textEncoder, true), ("unet.", .unet, false),
        ("text_encoder.", .textEncoder, false),
    ]

    /// nil for a name that is no LoRA's.
    init?(_ name: String) {
        guard let (ending, part) = Self.endings.first(where: { name.hasSuffix($0.0) }) else {
            return nil
        }
        var body = String(name.dropLast(ending.count))
        if body.hasPrefix("base_model.model.") { body = String(body.dropFirst(17)) }
        let prefix = Self.prefixes.first { body.hasPrefix($0.0) }
        if let prefix { body = String(body.dropFirst(prefix.0.count)) }
        if prefix?.isFlat ?? false { body = Self.dotted(body) }
        stage = prefix?.1 ?? .unet
        layer = Self.current(body, stage)
        self.part = part
    }

    private static func current(_ body: String, _ stage: Stage.Kind) -> String {
        var parts = body.split(separator: ".").map(String.init).filter { $0 != "processor" }
        guard let last = parts.last else { return body }
        if stage == .textEncoder {
            let renamed = [
                "to_q": "q_proj", "to_k": "k_proj", "to_v": "v_proj", "to_out": "out_proj",
            ]
            parts[parts.count - 1] = renamed[last] ?? last
        } else if last == "to_out" {
            parts.append("0")
        }
        return parts.joined(separator: ".")
    }

    /// Names of modules that have underscores of their own.
    private static let modules: Set<[Substring]> = Set(
        [
            "down_blocks", "up_blocks", "mid_block", "transformer_blocks", "to_q", "to_k", "to_v",
            "to_out", "proj_in", "proj_out", "time_emb_proj", "conv_shortcut", "conv_in",
            "conv_out",
            "time_embedding", "linear_1", "linear_2", "text_model", "self_attn", "q_proj", "k_proj",
            "v_proj", "out_proj",
        ].map { $0.split(separator: "_") })
    private static let longestModule = 3

    /// kohya's names have underscores where others have dots: `mid_block_attentions_0` is
    /// `mid_block.attentions.0`.
    private static func dotted(_ flat: String) -> String {
        var rest = flat.split(separator: "_", omittingEmptySubsequences: false)[...]
        var parts: [String] = []
        while !rest.isEmpty {
            let count =
                (2...longestModule).last {
                    $0 <= rest.count && modules.contains(Array(rest.prefix($0)))
                }
                ?? 1
            parts.append(rest.prefix(count).joined(separator: "_"))
            rest = rest.dropFirst(count)
        }
        return parts.joined(separator: ".")
    }
}

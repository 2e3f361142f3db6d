package import WeightStore

/// The multiplications with an addition that a stage takes, for one image: what its speed is
/// measured by.
///
/// Counted from the weights' true shapes and from where their names place them, and for the two
/// products of attention besides. Norms, activations and softmax are left out, as is usual.
package struct MultiplyAdds {
    private struct Weight {
        /// The name's parts: `down_blocks`, `0`, `resnets`, …
        let path: [Substring]
        /// Multiply-adds for one row: one token, or one pixel of the result.
        let size: Int
        let outputs: Int

        /// The number that follows `part` in the name.
        func index(after part: Substring) -> Int? {
            guard let place = path.firstIndex(of: part), place + 1 < path.count else { return nil }
            return Int(path[place + 1])
        }
    }

    private let weights: [Weight]

    /// Counts for the stage that `file` holds.
    package init(_ file: WeightFile) {
        weights = file.tensors.compactMap { tensor in
            guard tensor.shape.count > 1 else { return nil }
            return Weight(
                path: tensor.name.split(separator: "."), size: tensor.shape.reduce(1, *),
                outputs: tensor.shape[0])
        }
    }

    /// Of the text encoder, for a prompt of `tokens`.
    package func textEncoder(tokens: Int) -> Int {
        weights.reduce(0) { sum, weight in
            guard !weight.path.contains("embeddings") else { return sum }
            let isQuery = weight.path.contains("q_proj") || weight.path.contains("query")
            let scores = isQuery ? 2 * tokens * weight.outputs : 0
            return sum + tokens * (weight.size + scores)
        }
    }

    /// Of one evaluation of the U-Net, for latents of `height` × `width` and a text of `tokens`.
    package func unet(height: Int, width: Int, tokens: Int) -> Int {
        let last = weights.compactMap { $0.index(after: "down_blocks") }.max() ?? 0
        return weights.reduce(0) { sum, weight in
            let level = Self.unetLevel(weight, last: last)
            let pixels = Self.halved(height, times: level) * Self.halved(width, times: level)
            return sum + Self.unetRows(weight, pixels: pixels, tokens: tokens) * weight.size
                + Self.attention(weight, pixels: pixels, tokens: tokens)
        }
    }

    /// Of the autoencoder's decoder, for latents of `height` × `width`.
    package func decoder(height: Int, width: Int) -> Int {
        let tiny = weights.filter { $0.path[0] == "decoder" && $0.index(after: "layers") != nil }
        guard tiny.isEmpty else {
            return Self.tinyDecoder(tiny, pixels: height * width)
        }
        let last = weights.compactMap { $0.index(after: "up_blocks") }.max() ?? 0
        return weights.reduce(0) { sum, weight in
            guard weight.path[0] == "decoder" || weight.path[0] == "post_quant_conv" else {
                return sum
            }
            let up = weight.index(after: "up_blocks").map {
                $0 + (weight.path.contains("upsamplers") ? 1 : 0)
            }
            let level = up ?? (weight.path.contains("conv_out") ? last : 0)
            let pixels = height * width << (2 * level)
            let scores = weight.path.contains("to_q") ? 2 * pixels * weight.outputs : 0
            return sum + pixels * (weight.size + scores)
        }
    }

    /// A tiny decoder's layers stand in a row; a doubling comes before each convolution that is in no
    /// block, but for the first and the last.
    private static func tinyDecoder(_ weights: [Weight], pixels: Int) -> Int {
        func isSingle(_ weight: Weight) -> Bool { !weight.path.contains("conv") }
        let last = weights.count(where: isSingle) - 2
        var level = -1
        return weights.reduce(0) { sum, weight in
            if isSingle(weight) { level += 1 }
            return sum + (pixels << (2 * max(min(level, last), 0))) * weight.size
        }
    }

    /// Of an upscaler, for a picture of `height` × `width`.
    package func upscaler(height: Int, width: Int) -> Int {
        // RRDBNet's first convolution reads the picture's three channels, unshuffled or not.
        let first = weights.first { $0.path[0] == "conv_first" }
        let unshuffled = first.map { max($0.size / (27 * $0.outputs), 1) } ?? 1
        let pixels = height * width / unshuffled
        return weights.reduce(0) { sum, weight in
            switch weight.path[0] {
            case "conv_up1": sum + 4 * pixels * weight.size
            case "conv_up2", "conv_hr", "conv_last": sum + 16 * pixels * weight.size
            default: sum + pixels * weight.size
            }
        }
    }

    private static func unetLevel(_ weight: Weight, last: Int) -> Int {
        if let level = weight.index(after: "down_blocks") {
            return weight.path.contains("downsamplers") ? level + 1 : level
        }
        if let place = weight.index(after: "up_blocks") {
            return weight.path.contains("upsamplers") ? last - place - 1 : last - place
        }
        return weight.path[0] == "mid_block" ? last : 0
    }

    /// How many rows a weight of the U-Net is multiplied with.
    private static func unetRows(_ weight: Weight, pixels: Int, tokens: Int) -> Int {
        let path = weight.path
        if path[0] == "time_embedding" || path.contains("time_emb_proj") { return 1 }
        let readsText = path.contains("attn2") && (path.contains("to_k") || path.contains("to_v"))
        return readsText ? tokens : pixels
    }

    /// The products of queries with keys and of weights with values, counted where the queries are.
    private static func attention(_ weight: Weight, pixels: Int, tokens: Int) -> Int {
        guard weight.path.contains("to_q") else { return 0 }
        let keys = weight.path.contains("attn2") ? tokens : pixels
        return 2 * pixels * keys * weight.outputs
    }

    /// A side after convolutions of stride 2, which round up.
    private static func halved(_ side: Int, times: Int) -> Int {
        (0..<times).reduce(side) { side, _ in (side + 1) / 2 }
    }
}

internal import Models
internal import Samplers
package import Tensors
internal import Tokenizers
package import WeightStore

/// Runs one stage of a bundle alone, for whoever ports or checks a model.
///
/// Tensors come from a safetensors file and go into one; floating-point ones are F32, pictures and
/// latents in NCHW order, as the models' own libraries have them.
package struct StageRunner {
    let bundle: Bundle
    let executor: Executor
    let tiling: Tiling

    /// - Parameters:
    ///   - bundle: must hold the stages that are run.
    ///   - tiling: how much of a picture is computed at a time; the result is the same.
    package init(_ bundle: Bundle, tiling: Tiling = .standard, on executor: Executor) {
        self.bundle = bundle
        self.executor = executor
        self.tiling = tiling
    }

    /// The noise that a seed stands for: one tensor of the given shape; each dimension is at least 1.
    package static func noise(
        seed: UInt64, shape: [Int], name: String = "noise"
    ) throws -> [SafetensorsTensor] {
        guard let count = elementCount(of: shape), shape.allSatisfy({ $0 >= 1 }),
            (1...largestDraw).contains(count)
        else {
            throw PipelineError.invalidRequest(
                field: "shape", expected: "dimensions from 1 on, \(largestDraw) numbers at most",
                found: "\(shape)")
        }
        // The numbers as they are drawn, as bytes, and as the file that is written.
        try requireMemory(bytes: 3 * count * MemoryLayout<Float>.size, for: "noise of \(shape)")
        var source = TorchRandomSource(seed: seed)
        return [.init(name: name, shape: shape, floats: source.normal(count: count))]
    }

    private static let largestDraw = 1 << 28

    /// A prompt → `ids` I32 [1, T].
    /// - Parameter warn: is told where the prompt was cut.
    package func tokenize(
        _ prompt: String, warn: (String) -> Void = { _ in }
    ) throws -> [SafetensorsTensor] {
        let model = try DiffusionBundle(bundle)
        let encoder = try model.textEncoder()
        let tokenizer = try model.tokenizer(defaultLength: encoder.promptLength)
        let length = min(tokenizer.maximumLength, encoder.maximumLength)
        let encoded = tokenizer.encode(prompt, length: length)
        if let cut = encoded.truncatedText {
            warn("the prompt is longer than \(length) tokens; left out: \"\(printable(cut))\"")
        }
        return [.init(name: "ids", shape: [1, length], integers: encoded.ids)]
    }

    /// `ids` I32 [N, T] → `hidden` [N, T, C].
    package func text(_ input: SafetensorsFile) throws -> [SafetensorsTensor] {
        let encoder = try DiffusionBundle(bundle).textEncoder()
        let reader = StageInput(input)
        let shape = try reader.idsShape("ids", atMost: encoder.maximumLength)
        try requireMemory(for: "a text", of: shape, on: executor) { shape, executor in
            let ids = [Int32](repeating: 0, count: shape.width)
            _ = encoder(Array(repeating: ids, count: shape.images), on: executor)
        }
        let ids = try reader.ids("ids", below: encoder.vocabularySize)
        let hidden = encoder(ids, on: executor)
        return [
            .init(
                name: "hidden", shape: [ids.count, hidden.shape.pixels, hidden.shape.channels],
                floats: try finite(hidden.values, stage: "text encoder"))
        ]
    }

    /// `sample` [N, C, H, W], `timestep` [N] or [1], `context` [N, T, D] → `sample`.
    package func unet(_ input: SafetensorsFile) throws -> [SafetensorsTensor] {
        let unet = try DiffusionBundle(bundle).unet()
        let reader = StageInput(input)
        let configuration = unet.configuration
        let sample = try reader.pictureShape("sample", channels: configuration.inChannels)
        let context = try reader.tokensShape(
            "context", images: sample.images, channels: configuration.crossAttentionDim)
        try requireMemory(for: "a U-Net step on latents", of: sample, on: executor) {
            sample, executor in
            let context = Shape(
                images: sample.images, tokens: context.pixels, channels: context.channels)
            _ = unet(
                Tensor(sample, in: executor.workspace),
                timesteps: Array(repeating: 0, count: sample.images),
                context: Tensor(context, in: executor.workspace), on: executor)
        }
        let output = unet(
            try reader.picture("sample", sample, in: executor.workspace),
            timesteps: try reader.timesteps("timestep", images: sample.images),
            context: try reader.tokens("context", context, in: executor.workspace), on: executor)
        return [try planar("sample", output, stage: "U-Net")]
    }

    /// `image` [N, 3, H, W] within −1…1 → `mean` and `logvar` [N, C, h, w]; of a tiny
    /// autoencoder the mean alone.
    package func encode(_ input: SafetensorsFile) throws -> [SafetensorsTensor] {
        let encoder = try DiffusionBundle(bundle).encoder()
        let configuration = encoder.latentSpace
        let reader = StageInput(input)
        let shape = try reader.pictureShape(
            "image", channels: configuration.pictureChannels,
            sidesMultipleOf: configuration.pixelsPerLatent)
        try requireMemory(for: "encoding a picture", of: shape, on: executor) {
            _ = encoder(Tensor($0, in: $1.workspace), tiling: tiling, on: $1)
        }
        let image = try reader.picture("image", shape, in: executor.workspace)
        let posterior = encoder(image, tiling: tiling, on: executor)
        let logVariance = try posterior.logVariance.map {
            try planar("logvar", $0, stage: "VAE encoder")
        }
        return [try planar("mean", posterior.mean, stage: "VAE encoder")]
            + [logVariance].compactMap(\.self)
    }

    /// `image` [N, 3, H, W] within 0…1 → `image`, enlarged, not clamped.
    package func upscale(_ input: SafetensorsFile) throws -> [SafetensorsTensor] {
        let upscaler = try bundle.upscaler()
        let reader = StageInput(input)
        let shape = try reader.pictureShape(
            "image", channels: 3, sidesMultipleOf: upscaler.alignment)
        try requireMemory(for: "enlarging a picture", of: shape, on: executor) {
            _ = upscaler(Tensor($0, in: $1.workspace), tiling: tiling, on: $1)
        }
        let image = try reader.picture("image", shape, in: executor.workspace)
        let large = upscaler(image, tiling: tiling, on: executor)
        return [try planar("image", large, stage: "upscaler")]
    }

    private func planar(
        _ name: String, _ tensor: Tensor, stage: String
    ) throws -> SafetensorsTensor {
        let shape = tensor.shape
        return SafetensorsTensor(
            name: name, shape: [shape.images, shape.channels, shape.height, shape.width],
            floats: try finite(tensor.planarValues, stage: stage))
    }

    private func finite(_ values: [Float], stage: String) throws -> [Float] {
        guard values.allSatisfy(\.isFinite) else {
            throw PipelineError.notFinite(stage: stage, step: nil)
        }
        return values
    }
}

internal import Models
internal import Tensors
package import WeightStore

extension StageRunner {
    /// `latents` [N, C, h, w] → `image` [N, 3, H, W]: the decoder alone, without the scaling factor.
    ///
    /// One picture after the other, row by row, so that activations of no more than one exist.
    /// - Parameter memoryLimit: bytes to stay within, weights included; nil for what the machine has.
    ///   Throws at once where it cannot be.
    package func decode(
        _ input: SafetensorsFile, memoryLimit: Int? = nil
    ) throws -> [SafetensorsTensor] {
        let weights = try bundle.weights("vae")
        let decoder = try DiffusionBundle(bundle).autoencoder(weights).decoder
        let reader = StageInput(input)
        let shape = try reader.pictureShape(
            "latents", channels: decoder.latentSpace.latentChannels)
        let result = decoder.latentSpace.pictures(of: shape)
        // The file is put together beside its tensor, when the activations are gone.
        try requireMemory(
            bytes: 2 * result.count * MemoryLayout<Float>.size, for: "pictures of \(result)")
        var latents = shape
        latents.images = 1
        let stage = decoder.stage(
            latents: latents, weights: weights,
            pictureBytes: (shape.count + result.count) * MemoryLayout<Float>.size, tiling: tiling,
            on: executor.rehearsal)
        let plans = try StagePlans(
            [stage], limit: memoryLimit, for: "decoding latents of \(shape)")
        plans.reserve(on: executor)
        let plan = plans[.decode]
        let values = try reader.numbers("latents")
        var pictures = PlanarRows(result)
        try plan.run(on: executor) { executor in
            for image in 0..<shape.images {
                let part = values[image * latents.count..<(image + 1) * latents.count]
                try decoder.decode(
                    Tensor(planar: Array(part), shape: latents, in: executor.workspace),
                    tiling: tiling.within(plan.activationBytes), on: executor
                ) { row, values in
                    try requireFinite(values, stage: "VAE decoder")
                    pictures.set(row: row, image: image, to: values)
                }
            }
        }
        return [pictures.tensor("image")]
    }
}

extension LatentSpace {
    /// The shape of the pictures that latents become.
    fileprivate func pictures(of latents: Shape) -> Shape {
        Shape(
            images: latents.images, height: latents.height * pixelsPerLatent,
            width: latents.width * pixelsPerLatent, channels: pictureChannels)
    }
}

extension PictureDecoder {
    /// Decoding latents of one image, ready to be rehearsed.
    /// - Parameters:
    ///   - pictureBytes: what exists beside the activations.
    ///   - tiling: where there is room for it.
    ///   - rehearsal: holds what will be alive beside it.
    func stage(
        latents: Shape, weights: WeightFile, pictureBytes: Int, tiling: Tiling,
        on rehearsal: Executor
    ) -> PlannableStage {
        PlannableStage { room in
            StageNeeds(.decode, weights: weights, besides: pictureBytes, on: rehearsal) {
                executor in
                decode(
                    Tensor(latents, in: executor.workspace), tiling: tiling.within(room),
                    on: executor
                ) { _, _ in }
            }
        }
    }
}

/// Pictures that come row by row, as a tensor [N, C, H, W] of a file.
private struct PlanarRows {
    private let shape: Shape
    private var bytes: [UInt8]

    init(_ shape: Shape) {
        self.shape = shape
        bytes = Array(repeating: 0, count: shape.count * MemoryLayout<Float>.size)
    }

    /// Row `row` of image `image`, [W, C].
    mutating func set(row: Int, image: Int, to values: Span<Float>) {
        let size = MemoryLayout<Float>.size
        for channel in 0..<shape.channels {
            var offset =
                ((image * shape.channels + channel) * shape.height + row) * shape.width * size
            for index in stride(from: channel, to: values.count, by: shape.channels) {
                let bits = values[index].bitPattern
                for byte in 0..<size {
                    bytes[offset + byte] = UInt8(truncatingIfNeeded: bits >> (8 * byte))
                }
                offset += size
            }
        }
    }

    func tensor(_ name: String) -> SafetensorsTensor {
        SafetensorsTensor(
            name: name, type: .f32,
            shape: [shape.images, shape.channels, shape.height, shape.width], bytes: bytes)
    }
}

package import Layers
package import Tensors
package import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A small autoencoder for the latents of a large one (TAESD): convolutions and ReLU, no norms, no attention.
///
/// Its latents are those that the U-Net sees, so its scaling factor is 1.
/// - Source: madebyollin/taesd; diffusers' AutoencoderTiny and vae.py EncoderTiny, DecoderTiny.
package struct AutoencoderTiny: PictureDecoder {
    package static let className = "AutoencoderTiny"

    /// The hyper-parameters, from diffusers' `config.json`.
    package struct Configuration: Sendable {
        package let latentSpace: LatentSpace
        let channels: Int
        let encoderBlocks: [Int]
        let decoderBlocks: [Int]

        package init(_ object: JSONObject) throws {
            let reader = ConfigurationReader(model: AutoencoderTiny.className, object: object)
            try reader.require("act_fn", "relu")
            try reader.require("upsample_fn", "nearest")
            _ = try reader.int("upsampling_scaling_factor", in: 2...2, default: 2)
            _ = try reader.int("out_channels", in: 3...3, default: 3)
            if let shift = reader.present("shift_factor"), shift.double != 0 {
                throw reader.unsupported("shift_factor", shift.text)
            }
            encoderBlocks = try reader.ints("num_encoder_blocks", in: 1...64, count: 1...8)
            decoderBlocks = try reader.ints(
                "num_decoder_blocks", in: 1...64,
                count: encoderBlocks.count...encoderBlocks.count)
            let levels = encoderBlocks.count
            let widths = try ["encoder_block_out_channels", "decoder_block_out_channels"].flatMap {
                try reader.ints($0, in: 1...1024, count: levels...levels)
            }
            channels = widths[0]
            guard widths.allSatisfy({ $0 == widths[0] }) else {
                throw reader.invalid(
                    "encoder_block_out_channels", "one width throughout",
                    reader.present("encoder_block_out_channels"))
            }
            latentSpace = LatentSpace(
                pictureChannels: try reader.int("in_channels", in: 3...3, default: 3),
                latentChannels: try reader.int("latent_channels", in: 1...64, default: 4),
                scalingFactor: try reader.positive("scaling_factor", default: 1),
                pixelsPerLatent: 1 << (encoderBlocks.count - 1), truncatesPixels: false)
        }
    }

    /// Three convolutions around which the input goes: y = relu(conv(x) + x).
    struct Block: Sendable {
        let convolutions: [Convolution]

        init(_ name: String, channels: Int, from weights: WeightReader) throws {
            convolutions = try [0, 2, 4].map { index in
                try Convolution(
                    "\(name).conv.\(index)", channels: channels, outputs: channels,
                    window: .same(kernel: 3), from: weights)
            }
        }

        func append(to graph: inout RowGraph, _ input: RowGraph.Index) -> RowGraph.Index {
            var x = input
            for convolution in convolutions.dropLast() {
                x = graph.append(.init(convolution, [x], activation: AutoencoderTiny.activation))
            }
            return graph.append(
                .init(
                    convolutions[convolutions.count - 1], [x], residuals: [.init(input)],
                    finish: AutoencoderTiny.activation))
        }
    }

    package let latentSpace: LatentSpace
    package let encoder: AutoencoderTinyEncoder
    private let convIn: Convolution
    private let levels: [(blocks: [Block], convolution: Convolution)]

    static let activation = Activation.leakyReLU(slope: 0)
    /// Latents are bent towards ±3.
    private static let magnitude: Float = 3

    /// Reads both halves; the caller ends the reading.
    package init(configuration object: JSONObject, weights: WeightReader) throws {
        let configuration = try Configuration(object)
        let channels = configuration.channels
        latentSpace = configuration.latentSpace
        convIn = try Convolution(
            "decoder.layers.0", channels: latentSpace.latentChannels, outputs: channels,
            window: .same(kernel: 3), from: weights)
        // Layer 1 is the first activation; a doubling stands before all but the last convolution.
        var index = 2
        var levels: [(blocks: [Block], convolution: Convolution)] = []
        for (level, count) in configuration.decoderBlocks.enumerated() {
            let isLast = level == configuration.decoderBlocks.count - 1
            let first = index
            let blocks = try (first..<first + count).map {
                try Block("decoder.layers.\($0)", channels: channels, from: weights)
            }
            index += count + (isLast ? 0 : 1)
            let convolution = try Convolution(
                "decoder.layers.\(index)", channels: channels,
                outputs: isLast ? latentSpace.pictureChannels : channels,
                window: .same(kernel: 3), bias: isLast, from: weights)
            levels.append((blocks, convolution))
            index += 1
        }
        self.levels = levels
        encoder = try AutoencoderTinyEncoder(configuration, weights: weights)
    }

    package func callAsFunction(
        _ latents: Tensor, tiling: Tiling, on executor: Executor
    ) -> Tensor {
        let start = beginning(latents, on: executor)
        let pictures = graph(for: start.shape)(start, tiling: tiling, on: executor)
        return Tensor(
            pictures.values.map(Self.signed), shape: pictures.shape, in: executor.workspace)
    }

    package func decode(
        _ latents: Tensor, tiling: Tiling, on executor: Executor,
        each: (_ row: Int, _ values: Span<Float>) throws -> Void
    ) rethrows {
        precondition(latents.shape.images == 1)
        let start = beginning(latents, on: executor)
        var pixels: [Float] = []
        try graph(for: start.shape).run(RowStore(start), tiling: tiling, on: executor) {
            row, values in
            pixels.removeAll(keepingCapacity: true)
            for index in values.indices { pixels.append(Self.signed(values[index])) }
            try each(row, pixels.span)
        }
    }

    /// The net gives 0…1.
    private static func signed(_ value: Float) -> Float { 2 * value - 1 }

    /// 3 · tanh(latents / 3).
    private func beginning(_ latents: Tensor, on executor: Executor) -> Tensor {
        let values = latents.values.map { Self.magnitude * tanhf($0 / Self.magnitude) }
        return Tensor(values, shape: latents.shape, in: executor.workspace)
    }

    private func graph(for shape: Shape) -> RowGraph {
        var graph = RowGraph(givenOneOf: shape)
        var x = graph.append(.init(convIn, [RowGraph.given], activation: Self.activation))
        for (index, level) in levels.enumerated() {
            for block in level.blocks { x = block.append(to: &graph, x) }
            x = graph.append(
                .init(level.convolution, [x], doubled: index < levels.count - 1))
        }
        return graph
    }
}

extension ExpectedTensors {
    /// UNet2DConditionModel as Stable Diffusion 1 and 2 build it, of any width and depth.
    /// - Source: diffusers, `models/unets/unet_2d_condition.py`, `unet_2d_blocks.py`.
    static func unet(_ configuration: ConfigurationReader) throws(QuantizerError) -> ExpectedTensors
    {
        let shape = try UNetShape(configuration)
        var list = ExpectedTensors()
        list.unetBeginning(shape)
        list.unetDown(shape)
        list.unetMiddle(shape)
        list.unetUp(shape)
        list.norm("conv_norm_out", shape.channels[0])
        list.convolution(
            "conv_out", shape.channels[0], shape.outputs, kernel: shape.outputKernel)
        return list
    }

    mutating func unetBeginning(_ shape: UNetShape) {
        linear("time_embedding.linear_1", shape.channels[0], shape.time)
        linear("time_embedding.linear_2", shape.time, shape.time)
        convolution("conv_in", shape.inputs, shape.channels[0], kernel: shape.inputKernel)
    }

    mutating func unetMiddle(_ shape: UNetShape) {
        let deepest = shape.channels.count - 1
        let width = shape.channels[deepest]
        resnet("mid_block.resnets.0", width, width, time: shape.time)
        transformer(
            "mid_block.attentions.0", shape, width, level: deepest, depth: shape.depths[deepest])
        resnet("mid_block.resnets.1", width, width, time: shape.time)
    }

    mutating func unetDown(_ shape: UNetShape) {
        var width = shape.channels[0]
        for (level, outputs) in shape.channels.enumerated() {
            let name = "down_blocks.\(level)"
            for layer in 0..<shape.layers[level] {
                resnet("\(name).resnets.\(layer)", width, outputs, time: shape.time)
                width = outputs
                if shape.downAttention[level] {
                    transformer(
                        "\(name).attentions.\(layer)", shape, width, level: level,
                        depth: shape.depths[level])
                }
            }
            if level < shape.channels.count - 1 {
                convolution("\(name).downsamplers.0.conv", width, width)
            }
        }
    }

    /// Each residual block reads the one before it beside one output of the way down, last first.
    private mutating func unetUp(_ shape: UNetShape) {
        let levels = shape.channels.count
        var width = shape.channels[levels - 1]
        for step in 0..<levels {
            let level = levels - 1 - step
            let outputs = shape.channels[level]
            let deeper = shape.channels[max(level - 1, 0)]
            let name = "up_blocks.\(step)"
            for layer in 0...shape.layers[level] {
                let skip = layer == shape.layers[level] ? deeper : outputs
                resnet("\(name).resnets.\(layer)", width + skip, outputs, time: shape.time)
                width = outputs
                if shape.upAttention[step] {
                    transformer(
                        "\(name).attentions.\(layer)", shape, width, level: level,
                        depth: shape.upDepths[step])
                }
            }
            if step < levels - 1 {
                convolution("\(name).upsamplers.0.conv", width, width)
            }
        }
    }

    /// A spatial transformer: self-attention, attention to the text, a gated feed-forward layer.
    private mutating func transformer(
        _ name: String, _ shape: UNetShape, _ width: Int, level: Int, depth: Int
    ) {
        norm("\(name).norm", width)
        projection("\(name).proj_in", shape, width)
        for block in 0..<depth {
            let block = "\(name).transformer_blocks.\(block)"
            norm("\(block).norm1", width)
            attention("\(block).attn1", width, context: width)
            norm("\(block).norm2", width)
            attention("\(block).attn2", width, context: shape.context[level])
            norm("\(block).norm3", width)
            linear("\(block).ff.net.0.proj", width, 8 * width)
            linear("\(block).ff.net.2", 4 * width, width)
        }
        projection("\(name).proj_out", shape, width)
    }

    private mutating func projection(_ name: String, _ shape: UNetShape, _ width: Int) {
        if shape.linearProjection {
            linear(name, width, width)
        } else {
            convolution(name, width, width, kernel: 1)
        }
    }

    private mutating func attention(_ name: String, _ width: Int, context: Int) {
        linear("\(name).to_q", width, width, bias: false)
        linear("\(name).to_k", context, width, bias: false)
        linear("\(name).to_v", context, width, bias: false)
        linear("\(name).to_out.0", width, width)
    }
}

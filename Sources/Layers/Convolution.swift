package import Tensors

/// A convolution over NHWC pictures, with what stands before and behind it folded in.
package struct Convolution: Sendable {
    let matrix: Matrix
    let bias: Vector?
    let lowRanks: [LowRank]
    let window: Window

    package var outputs: Int { matrix.outputs }

    /// Reads `name.weight` [outputs, channels, kernel, kernel] and, unless the layer has none,
    /// `name.bias` [outputs].
    package init(
        _ name: String, channels: Int, outputs: Int, window: Window, bias hasBias: Bool = true,
        from weights: WeightReader
    ) throws {
        matrix = try weights.matrix(
            name + ".weight", outputs: outputs, channels: channels, kernel: window.kernel,
            seesPictures: true)
        bias = hasBias ? try weights.vector(name + ".bias", count: outputs) : nil
        lowRanks = try weights.lowRanks(
            name, outputs: outputs, channels: channels, kernel: window.kernel)
        self.window = window
    }

    /// Convolves the inputs, concatenated along their channels.
    /// - Parameters:
    ///   - inputs: one or more [N, H, W, Cᵢ] whose channels sum to the layer's.
    ///   - norm: applied to the input first (not to the padding).
    ///   - upsampled: the input is seen at twice its size, nearest neighbour, cut to this size.
    ///   - imageBias: [N, 1, 1, outputs], added beside the layer's own bias.
    /// - Returns: [N, H', W', outputs].
    package func callAsFunction(
        _ inputs: [Tensor], norm: ScaleShift? = nil, upsampled: Upsampled? = nil,
        imageBias: Tensor? = nil, activation: Activation = .none, residual: Residual? = nil,
        on executor: Executor
    ) -> Tensor {
        let input = inputs[0].shape
        let shape = Shape(
            images: input.images, height: window.output(upsampled?.height ?? input.height),
            width: window.output(upsampled?.width ?? input.width), channels: outputs)
        let y = executor.tensor(shape)
        let output = ProductOutput(
            matrix: matrix, bias: combinedBias(imageBias, on: executor),
            target: .tensor(y, residual: residual), activation: activation, lowRanks: lowRanks)
        WindowProduct(
            inputs: inputs.map(ProductInput.tensor), window: window, upsampled: upsampled,
            prologue: norm.map(Prologue.scaleShift) ?? .none, outputs: [output],
            executor: executor
        ).convolve()
        return y
    }

    /// The same for one input.
    package func callAsFunction(
        _ input: Tensor, norm: ScaleShift? = nil, upsampled: Upsampled? = nil,
        activation: Activation = .none, residual: Residual? = nil, on executor: Executor
    ) -> Tensor {
        self(
            [input], norm: norm, upsampled: upsampled, activation: activation, residual: residual,
            on: executor)
    }

    private func combinedBias(
        _ imageBias: Tensor?, on executor: Executor
    ) -> ProductOutput.Bias {
        guard let imageBias else { return bias.map(ProductOutput.Bias.shared) ?? .none }
        // The kernels may read a bias up to the next multiple of 16.
        let padded = outputs.roundedUp(to: 16)
        let images = imageBias.shape.images
        let sum = executor.tensor(Shape(images: images, height: 1, width: 1, channels: padded))
        executor.parallel.run(tasks: images) { image, _ in
            let target = sum.pointer(image: image)
            let source = imageBias.pointer(image: image)
            for channel in 0..<padded {
                target[channel] =
                    channel < outputs
                    ? source[channel] + (bias?.pointer[channel] ?? 0) : 0
            }
        }
        return .perImage(sum)
    }
}

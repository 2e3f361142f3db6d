/// What a tensor is to its model, which decides how it is stored.
package enum TensorRole: Sendable {
    /// Rows that are looked up: token and position embeddings, `[rows, columns]`.
    case table
    /// One number an output or channel: biases, norms, PReLU slopes.
    case vector
    /// The weights of a linear layer `[n, c]` or of a convolution `[n, c, kh, kw]`.
    case matrix
}

/// A tensor that a model must have.
package struct ExpectedTensor: Equatable, Sendable {
    /// Upstream's name.
    package let name: String
    /// The true shape.
    package let shape: [Int]
    /// What it is.
    package let role: TensorRole

    /// Elements.
    package var count: Int { shape.reduce(1, *) }
}

/// All tensors of a model in the order of their first use, built from its configuration. It is at once
/// what a checkpoint is checked against, the order of the weight file, and what is synthesised.
package struct ExpectedTensors: Sendable {
    /// The list.
    package private(set) var tensors: [ExpectedTensor] = []

    /// Elements of all tensors together.
    package var parameterCount: Int { tensors.reduce(0) { $0 + $1.count } }

    mutating func vector(_ name: String, _ count: Int) {
        tensors.append(ExpectedTensor(name: name, shape: [count], role: .vector))
    }

    mutating func table(_ name: String, _ rows: Int, _ columns: Int) {
        tensors.append(ExpectedTensor(name: name, shape: [rows, columns], role: .table))
    }

    /// `name.weight` and `name.bias` of a norm over `channels`.
    mutating func norm(_ name: String, _ channels: Int) {
        vector(name + ".weight", channels)
        vector(name + ".bias", channels)
    }

    /// `name.weight` `[outputs, inputs]`, and `name.bias` unless there is none.
    mutating func linear(_ name: String, _ inputs: Int, _ outputs: Int, bias: Bool = true) {
        tensors.append(
            ExpectedTensor(name: name + ".weight", shape: [outputs, inputs], role: .matrix))
        if bias { vector(name + ".bias", outputs) }
    }

    /// `name.weight` `[outputs, inputs, kernel, kernel]`, and `name.bias` unless there is none.
    mutating func convolution(
        _ name: String, _ inputs: Int, _ outputs: Int, kernel: Int = 3, bias: Bool = true
    ) {
        let shape = [outputs, inputs, kernel, kernel]
        tensors.append(ExpectedTensor(name: name + ".weight", shape: shape, role: .matrix))
        if bias { vector(name + ".bias", outputs) }
    }

    /// A residual block of U-Net or autoencoder; `time` is the width of the time embedding, if any.
    mutating func resnet(_ name: String, _ inputs: Int, _ outputs: Int, time: Int? = nil) {
        norm(name + ".norm1", inputs)
        convolution(name + ".conv1", inputs, outputs)
        if let time { linear(name + ".time_emb_proj", time, outputs) }
        norm(name + ".norm2", outputs)
        convolution(name + ".conv2", outputs, outputs)
        if inputs != outputs { convolution(name + ".conv_shortcut", inputs, outputs, kernel: 1) }
    }
}

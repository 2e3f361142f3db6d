/// The number types that weights are stored as.
package enum WeightType: String, CaseIterable, Sendable {
    case int8
    case f16
    case f32
}

/// What becomes of each tensor: the one place that says so.
///
/// | role | int8 | f16 | f32 |
/// |---|---|---|---|
/// | vectors (biases, norms, slopes) | F32 | F32 | F32 |
/// | tables (embeddings) | F16 | F16 | F32 |
/// | matrices and convolutions | int8, sensitive ones F16 | F16 | F32 |
///
/// Sensitive are the layers at both ends of a network, the time embedding, and the shortcuts around
/// residual blocks: few weights whose error every later layer sees. So are LoRAs, and any layer whose
/// input channels do not fill blocks of four.
package struct QuantizationRecipe: Sendable {
    /// What was asked for.
    package let type: WeightType
    private let exceptions: [Exception]

    /// A pattern over `stage.tensor` and the type that its matrices and tables get instead.
    package struct Exception: Equatable, Sendable {
        /// Which tensors.
        package let glob: Glob
        /// What they become.
        package let type: WeightType

        /// Parses `PATTERN=TYPE`. Throws what is wrong with it.
        package init(_ text: String) throws(QuantizerError) {
            guard let equals = text.lastIndex(of: "="), equals > text.startIndex,
                let type = WeightType(rawValue: String(text[text.index(after: equals)...]))
            else {
                throw .option(
                    "--keep '\(text)': expected PATTERN=int8, PATTERN=f16 or PATTERN=f32")
            }
            glob = Glob(String(text[..<equals]))
            self.type = type
        }
    }

    /// The last exception that fits a tensor wins.
    package init(type: WeightType, exceptions: [Exception] = []) {
        self.type = type
        self.exceptions = exceptions
    }

    /// Components of names that mark the layers which stay in floating point.
    private static let sensitive: Set<String> = [
        "time_embedding", "conv_in", "conv_out", "conv_shortcut", "quant_conv", "post_quant_conv",
        "conv_first", "conv_last", "controlnet_cond_embedding",
        "text_projection",
    ]

    /// How a tensor of `stage` is stored.
    package func type(of tensor: ExpectedTensor, in stage: Stage) -> WeightType {
        if tensor.role == .vector { return .f32 }
        let name = "\(stage.kind.rawValue).\(tensor.name)"
        let asked = exceptions.last { $0.glob.matches(name) }?.type
        if tensor.role == .table { return asked ?? type == .f32 ? .f32 : .f16 }
        if let asked { return asked }
        return type == .int8 && isSensitive(tensor, in: stage) ? .f16 : type
    }

    private func isSensitive(_ tensor: ExpectedTensor, in stage: Stage) -> Bool {
        let components = tensor.name.split(separator: ".").map(String.init)
        return stage.architecture == .lora || !tensor.shape[1].isMultiple(of: 4)
            || components.contains(where: Self.sensitive.contains)
            || stage.ends.contains(tensor.name)
    }

    /// Exceptions that fit no tensor at all of `stages`: most likely misspelt.
    package func unused(in stages: [Stage]) -> [Exception] {
        let names = stages.flatMap { stage in
            stage.expected.tensors.map { "\(stage.kind.rawValue).\($0.name)" }
        }
        return exceptions.filter { exception in !names.contains(where: exception.glob.matches) }
    }
}

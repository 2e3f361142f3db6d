import WeightStore

/// How far a conversion is.
package struct ConversionProgress: Sendable {
    /// Weights written and in all.
    package let done: Int
    package let total: Int
    /// The stage and the tensor at hand.
    package let stage: String
    package let tensor: String
}

extension Conversion {
    /// Writes the bundle; it appears complete or not at all.
    /// - Parameters:
    ///   - overwrite: whether a bundle that is at `path` may be replaced.
    ///   - progress: called before each tensor; returning false stops the conversion.
    package func write(
        to path: String, overwrite: Bool = false,
        progress: (ConversionProgress) -> Bool = { _ in true }
    ) throws(QuantizerError) -> ConversionReport {
        let bundle = try readingFile { () throws(WeightError) in
            try BundleWriter(path: path, overwrite: overwrite)
        }
        var report = ConversionReport(name: description.name, type: recipe.type)
        let total = stages.reduce(0) { $0 + $1.expected.parameterCount }
        var done = 0
        for stage in stages {
            try write(stage, to: bundle, report: &report) { tensor in
                defer { done += tensor.count }
                return progress(
                    ConversionProgress(
                        done: done, total: total, stage: stage.kind.rawValue, tensor: tensor.name))
            }
        }
        var description = description
        description.sources = try sources()
        try readingFile { () throws(WeightError) in
            if let tokenizer {
                try bundle.writeTokenizer(
                    className: tokenizer.className,
                    files: tokenizer.files.map { ($0.name, $0.bytes) })
            }
            try bundle.commit(description)
        }
        return report
    }

    private func write(
        _ stage: Stage, to bundle: BundleWriter, report: inout ConversionReport,
        progress: (ExpectedTensor) -> Bool
    ) throws(QuantizerError) {
        let types = stage.expected.tensors.map { recipe.type(of: $0, in: stage) }
        let plan = zip(stage.expected.tensors, types).flatMap { $0.planned(as: $1) }
        let writer = try readingFile { () throws(WeightError) in
            try bundle.startStage(stage.kind.rawValue, plan: plan)
        }
        for (tensor, type) in zip(stage.expected.tensors, types) {
            guard progress(tensor) else { throw .interrupted }
            let weights = try stage.read(tensor)
            if type == .f16 { try checkHalfRange(weights, tensor, stage) }
            let fidelity = try readingFile { () throws(WeightError) in
                try StoredTensorWriter(tensor: tensor, type: type, writer: writer).write(weights)
            }
            report.tensors.append(
                try TensorReport(stage: stage, tensor: tensor, type: type, fidelity: fidelity))
        }
        try readingFile { () throws(WeightError) in
            let written = try writer.finish()
            try bundle.finishStage(
                stage.kind.rawValue, written, className: stage.architecture.rawValue,
                type: recipe.type.rawValue, config: stage.configuration)
        }
    }

    private func checkHalfRange(
        _ weights: [Float], _ tensor: ExpectedTensor, _ stage: Stage
    ) throws(QuantizerError) {
        // Half a unit in the last place above the largest float16 is where rounding overflows.
        if let index = weights.firstIndex(where: { abs($0) >= 65520 }) {
            throw .outOfRange(
                path: stage.source.path, name: tensor.name, index: index,
                value: "\(weights[index])", type: "f16")
        }
    }

    /// The files that were read, named as they stand in the checkpoint, with their digests.
    private func sources() throws(QuantizerError) -> [BundleDescription.Source] {
        var result: [BundleDescription.Source] = []
        for file in stages.flatMap(\.source.files) {
            let digest = try readingFile { () throws(WeightError) in
                try SHA256.digest(ofFile: file)
            }
            let name =
                file.hasPrefix(root + "/")
                ? String(file.dropFirst(root.count + 1))
                : lastComponent(of: file)
            result.append(BundleDescription.Source(file: name, sha256: digest))
        }
        return result
    }
}

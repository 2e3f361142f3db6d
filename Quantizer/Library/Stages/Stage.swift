package import WeightStore

/// One network of a bundle: its configuration, what it must have, and where that is read from.
package struct Stage {
    /// The stages a bundle may have, in the order in which they run.
    package enum Kind: String, CaseIterable, Sendable {
        case textEncoder = "text_encoder"
        case unet
        case controlNet = "controlnet"
        case vae
        case upscaler
    }

    /// Which stage.
    package let kind: Kind
    /// Upstream's class.
    package let architecture: Architecture
    /// Upstream's configuration, keys verbatim.
    package let configuration: JSONObject
    /// What the network must have, in the order of first use.
    package let expected: ExpectedTensors
    /// Names of the first and last layers where those do not say it themselves.
    package let ends: Set<String>
    /// Where the weights come from.
    package let source: any CheckpointSource

    private let names: [String: CheckpointTensor]

    /// Checks that `source` has all tensors of the network and no other.
    /// - Parameters:
    ///   - configurationPath: where the configuration stands, for messages.
    ///   - source: tensors under any of the names that upstream has given them over time.
    package init(
        kind: Kind, architecture: Architecture, configuration: JSONObject,
        configurationPath: String, source: any CheckpointSource
    ) throws(QuantizerError) {
        let reader = ConfigurationReader(path: configurationPath, object: configuration)
        let expected = try architecture.expectedTensors(reader)
        self.kind = kind
        self.architecture = architecture
        self.configuration = configuration
        self.expected = expected
        self.source = source
        ends = architecture.ends(of: expected)
        names = try Self.match(expected, architecture, source)
    }

    /// The checkpoint's own description of an expected tensor.
    package func original(_ tensor: ExpectedTensor) throws(QuantizerError) -> CheckpointTensor {
        guard let original = names[tensor.name] else {
            throw .missingTensor(path: source.path, name: tensor.name, shape: tensor.shape)
        }
        return original
    }

    /// The numbers of an expected tensor, row-major in its true shape. Throws when one is not finite.
    package func read(_ tensor: ExpectedTensor) throws(QuantizerError) -> [Float] {
        let original = try original(tensor)
        let weights = try source.read(original.name)
        guard weights.count == tensor.count else {
            throw .wrongShape(
                path: source.path, name: original.name, expected: tensor.shape,
                found: [weights.count])
        }
        if let index = weights.firstIndex(where: { !$0.isFinite }) {
            throw .notFinite(
                path: source.path, name: original.name, index: index, value: "\(weights[index])")
        }
        return weights
    }

    private static func match(
        _ expected: ExpectedTensors, _ architecture: Architecture, _ source: any CheckpointSource
    ) throws(QuantizerError) -> [String: CheckpointTensor] {
        var found: [String: CheckpointTensor] = [:]
        for tensor in source.tensors {
            guard let name = architecture.currentName(of: tensor.name) else { continue }
            guard found.updateValue(tensor, forKey: name) == nil else {
                throw .malformed(
                    path: source.path, what: "two tensors stand for \"\(printable(name))\"")
            }
        }
        for tensor in expected.tensors {
            guard let candidate = found[tensor.name] else {
                throw .missingTensor(path: source.path, name: tensor.name, shape: tensor.shape)
            }
            guard squeezed(candidate.shape) == squeezed(tensor.shape) else {
                throw .wrongShape(
                    path: source.path, name: candidate.name, expected: tensor.shape,
                    found: candidate.shape)
            }
        }
        let known = Set(expected.tensors.map(\.name))
        let strangers = found.filter { !known.contains($0.key) }.values
        if let stranger = strangers.min(by: { $0.name < $1.name }) {
            throw .unexpectedTensor(
                path: source.path, name: stranger.name, shape: stranger.shape)
        }
        return found
    }

    /// A 1×1 convolution and a linear layer hold the same numbers in the same order; which of the two
    /// a projection is has changed over time.
    private static func squeezed(_ shape: [Int]) -> [Int] {
        shape.count == 4 && shape[2...] == [1, 1] ? Array(shape[..<2]) : shape
    }
}

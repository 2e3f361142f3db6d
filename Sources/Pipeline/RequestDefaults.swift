internal import Samplers
package import WeightStore

/// What a request for a model leaves out: the values that its maker found good, from the object
/// `defaults` of `bundle.json`, else the usual ones.
package struct RequestDefaults: Sendable, Equatable {
    /// Denoising steps.
    package var steps = 25
    /// Guidance scale.
    package var guidance = 7.5
    /// Command-line name of the sampler; nil for the one that the checkpoint names.
    package var sampler: String?

    /// The defaults of a bundle. Throws where a request with the value would be refused.
    package init(_ bundle: Bundle) throws(WeightError) {
        guard let value = bundle.json["defaults"] else { return }
        func read<Value>(
            _ key: String, _ expected: String, _ convert: (JSONValue) -> Value?
        ) throws(WeightError) -> Value? {
            guard let found = value[key] else { return nil }
            guard let value = convert(found) else {
                throw .bundle(
                    path: "\(bundle.path)/\(Bundle.fileName)",
                    expected: "defaults.\(key) to be \(expected)", found: printable(found.text))
            }
            return value
        }
        let (someSteps, someGuidance) = (
            GenerationRequest.allowedSteps, GenerationRequest.allowedGuidance
        )
        steps =
            try read("steps", "an integer in \(someSteps)") { value in
                value.int.flatMap { someSteps.contains($0) ? $0 : nil }
            } ?? steps
        guidance =
            try read("guidance", "a number in \(someGuidance)") { value in
                value.double.flatMap { someGuidance.contains($0) ? $0 : nil }
            } ?? guidance
        sampler = try read("sampler", "one of \(SamplerKind.names)") { value in
            value.string.flatMap { SamplerKind(rawValue: $0)?.rawValue }
        }
    }
}

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

    /// The defaults of a bundle. Throws where a value is of the wrong kind.
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
        steps = try read("steps", "an integer", \.int) ?? steps
        guidance = try read("guidance", "a number", \.double) ?? guidance
        sampler = try read("sampler", "a string", \.string)
    }
}

internal import Samplers
internal import WeightStore

/// A preset of the family's uses: size, sampler, steps, guidance, and words around the prompt.
package struct Style: Sendable, Equatable {
    /// What `--style` takes.
    package let name: String
    /// Its name in Chinese.
    package let title: String
    /// What it is for, in English.
    package let use: String
    package let width: Int
    package let height: Int
    /// Command-line name of the sampler.
    package let sampler: String
    package let steps: Int
    package let guidance: Double
    /// With `{prompt}` where the prompt stands.
    package let pattern: String
    package let negativePrompt: String

    private static let placeholder = "{prompt}"

    /// The prompt with the style's words around it.
    package func prompt(_ prompt: String) -> String {
        pattern.replacing(Self.placeholder, with: prompt)
    }

    fileprivate init(_ value: JSONValue, path: String) throws {
        func read<Value>(
            _ key: String, _ expected: String, _ convert: (JSONValue) -> Value?
        ) throws -> Value {
            guard let found = value[key], let result = convert(found) else {
                throw WeightError.bundle(
                    path: path, expected: "each style's \(key) to be \(expected)",
                    found: value[key].map { printable($0.text) } ?? "nothing")
            }
            return result
        }
        func side(_ value: JSONValue) -> Int? {
            value.int.flatMap { (64...GenerationRequest.largestSide).contains($0) ? $0 : nil }
        }
        name = try read("name", "text", \.string)
        title = try read("title", "text", \.string)
        use = try read("use", "text", \.string)
        width = try read("width", "pixels", side)
        height = try read("height", "pixels", side)
        sampler = try read("sampler", "one of \(SamplerKind.names)") { value in
            value.string.flatMap { SamplerKind(rawValue: $0)?.rawValue }
        }
        steps = try read("steps", "an integer in \(GenerationRequest.allowedSteps)") { value in
            value.int.flatMap { GenerationRequest.allowedSteps.contains($0) ? $0 : nil }
        }
        guidance = try read("guidance", "a number in \(GenerationRequest.allowedGuidance)") {
            value in
            value.double.flatMap { GenerationRequest.allowedGuidance.contains($0) ? $0 : nil }
        }
        pattern = try read("prompt", "text with \(Self.placeholder)") { value in
            value.string.flatMap { $0.contains(Self.placeholder) ? $0 : nil }
        }
        negativePrompt = try read("negative", "text", \.string)
    }
}

extension Style {
    /// The file of styles in a folder of models.
    package static let fileName = "styles.json"

    /// All styles of the folders' files; of a name that several have the first counts.
    package static func all(in folders: [String] = modelFolders()) throws -> [Style] {
        var names: Set<String> = []
        return try folders.map { "\($0)/\(fileName)" }.filter(isRegularFile)
            .flatMap { path in
                let file = try JSONValue.load(path)
                guard let list = file["styles"]?.array else {
                    throw WeightError.bundle(
                        path: path, expected: "styles to be a list", found: file.kind)
                }
                return try list.map { try Style($0, path: path) }
            }
            .filter { names.insert($0.name).inserted }
    }

    /// The style of a name. Throws which there are.
    package static func named(_ name: String) throws -> Style {
        let styles = try all()
        guard let style = styles.first(where: { $0.name == name || $0.title == name }) else {
            throw PipelineError.invalidRequest(
                field: "style",
                expected: styles.isEmpty
                    ? "none: no \(fileName) was found"
                    : "one of \(styles.map(\.name).joined(separator: ", "))",
                found: printable(name))
        }
        return style
    }
}

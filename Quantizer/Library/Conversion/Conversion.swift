package import WeightStore

/// Everything that becomes one bundle. All names and shapes have been checked; no number is read
/// until `write`, and then one tensor at a time.
package struct Conversion {
    /// The networks in the order in which they run.
    package let stages: [Stage]
    /// The tokenizer's files, unless the bundle is an upscaler.
    package let tokenizer: TokenizerFiles?
    /// What `bundle.json` says beside them; the sources' digests are added while writing.
    package var description: BundleDescription
    /// What becomes of each tensor.
    package let recipe: QuantizationRecipe
    /// The checkpoint, from which the sources' names are counted.
    let root: String

    /// Gathers what was opened elsewhere.
    /// - Parameter root: the folder that the sources' names are counted from.
    package init(
        stages: [Stage], tokenizer: TokenizerFiles?, description: BundleDescription,
        recipe: QuantizationRecipe, root: String = ""
    ) {
        self.stages = stages
        self.tokenizer = tokenizer
        self.description = description
        self.recipe = recipe
        self.root = root
    }

    /// Opens a checkpoint of any known kind.
    /// - Parameters:
    ///   - path: a diffusers folder, or the file of an upscaler.
    ///   - upscaler: an upscaler's file to go with a diffusers folder.
    ///   - name: the model's name; the checkpoint's by default.
    package static func open(
        _ path: String, recipe: QuantizationRecipe, upscaler: String? = nil, name: String? = nil
    ) throws(QuantizerError) -> Conversion {
        let conversion = try openAny(path, recipe, upscaler, name)
        if let exception = recipe.unused(in: conversion.stages).first {
            throw .option(
                "--keep '\(exception.glob.pattern)': fits no tensor; names look like "
                    + "'unet.conv_out.weight', and quotes keep the shell from expanding '*'")
        }
        return conversion
    }

    private static func openAny(
        _ path: String, _ recipe: QuantizationRecipe, _ upscaler: String?, _ name: String?
    ) throws(QuantizerError) -> Conversion {
        let path = withoutSlash(path)
        guard exists("\(path)/\(DiffusersFolder.indexName)") else {
            guard upscaler == nil else {
                throw .option("--upscaler: \(path) is not a diffusers folder to add one to")
            }
            let stage = try upscalerStage(path)
            let description = BundleDescription(
                name: name ?? stem(of: path), family: "upscaler")
            return Conversion(
                stages: [stage], tokenizer: nil, description: description, recipe: recipe,
                root: folder(of: path))
        }
        let folder = try DiffusersFolder(path: path)
        var stages = try folder.stages()
        if let upscaler { stages.append(try upscalerStage(upscaler)) }
        var description = BundleDescription(
            name: name ?? lastComponent(of: path), family: "stable-diffusion")
        description.scheduler = try folder.scheduler()
        description.license = try folder.license()
        return Conversion(
            stages: stages, tokenizer: try folder.tokenizer(), description: description,
            recipe: recipe, root: path)
    }
}

/// `path` without slashes at its end.
private func withoutSlash(_ path: String) -> String {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    return path
}

/// What stands behind the last slash.
func lastComponent(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
}

private func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
}

/// The last component without its ending.
private func stem(of path: String) -> String {
    let name = lastComponent(of: path)
    guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return name }
    return String(name[..<dot])
}

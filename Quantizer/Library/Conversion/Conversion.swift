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

    /// What is known of a checkpoint besides its files; nil for what those say.
    package struct Hints {
        /// The model's name; the checkpoint's by default.
        package var name: String?
        /// An upscaler's file to go with the model.
        package var upscaler: String?
        /// Of a single file.
        package var family: ModelFamily?
        /// The folder of the tokenizer of a single file.
        package var tokenizer: String?

        package init(
            name: String? = nil, upscaler: String? = nil, family: ModelFamily? = nil,
            tokenizer: String? = nil
        ) {
            self.name = name
            self.upscaler = upscaler
            self.family = family
            self.tokenizer = tokenizer
        }
    }

    /// Adds tables that the sampler OLSS steps by.
    package mutating func addOLSS(_ paths: [String]) throws(QuantizerError) {
        guard !paths.isEmpty else { return }
        guard description.scheduler != nil else {
            throw .option("--olss: \(description.name) is no model that draws")
        }
        var tables: [JSONValue] = []
        for path in paths { tables.append(try OLSSFile(path).table()) }
        description.scheduler?["olss_tables"] = .array(tables)
    }

    /// Opens a checkpoint of any known kind.
    /// - Parameter path: a diffusers folder of a pipeline or a ControlNet, a folder of PAI-Diffusion 2022, a
    ///   single file in latent diffusion's names, or the file of a LoRA or an upscaler.
    package static func open(
        _ path: String, recipe: QuantizationRecipe, hints: Hints = Hints()
    ) throws(QuantizerError) -> Conversion {
        let conversion = try openAny(withoutSlash(path), recipe, hints)
        if let exception = recipe.unused(in: conversion.stages).first {
            throw .option(
                "--keep '\(exception.glob.pattern)': fits no tensor; names look like "
                    + "'unet.conv_out.weight', and quotes keep the shell from expanding '*'")
        }
        return conversion
    }

    private static func openAny(
        _ path: String, _ recipe: QuantizationRecipe, _ hints: Hints
    ) throws(QuantizerError) -> Conversion {
        if exists("\(path)/\(DiffusersFolder.indexName)") {
            return try openFolder(path, recipe, hints)
        }
        if exists("\(path)/config.json") { return try openConfigured(path, recipe, hints) }
        return try open(try openCheckpoint(path), recipe: recipe, hints: hints)
    }

    /// A folder with one file of weights and one configuration.
    private static func openConfigured(
        _ path: String, _ recipe: QuantizationRecipe, _ hints: Hints
    ) throws(QuantizerError) -> Conversion {
        let file = "\(path)/config.json"
        let configuration = try readingFile { () throws(WeightError) in
            try JSONObject.load(file, limits: .python)
        }
        if let folder = LatentDiffusionFolder(path: path, configuration: configuration) {
            return try openLatentDiffusion(folder, path, recipe, hints)
        }
        let name = configuration["_class_name"]?.string
        guard let part = single.first(where: { $0.architecture.rawValue == name }) else {
            let known = single.map { "\"\($0.architecture.rawValue)\"" }.joined(separator: ", ")
            throw .configuration(
                path: file, key: "_class_name",
                expected: "one of \(known), or model.params as in PAI-Diffusion 2022",
                found: name.map { "\"\(printable($0))\"" } ?? "nothing")
        }
        try refuseFileHints(hints, path)
        guard hints.upscaler == nil else {
            throw .option("--upscaler: \(path) is no model to add one to")
        }
        let stage = try Stage(
            kind: part.kind, architecture: part.architecture, configuration: configuration,
            configurationPath: file, source: try openCheckpoint(try weightFile(in: path)))
        return Conversion(
            stages: [stage], tokenizer: nil,
            description: BundleDescription(
                name: hints.name ?? lastComponent(of: path), family: part.family),
            recipe: recipe, root: path)
    }

    /// The networks that come in folders of their own.
    private static let single: [(kind: Stage.Kind, architecture: Architecture, family: String)] = [
        (.controlNet, .controlNet, "controlnet"), (.vae, .tinyAutoencoder, "autoencoder"),
        (.vae, .autoencoder, "autoencoder"),
    ]

    private static func openLatentDiffusion(
        _ folder: LatentDiffusionFolder, _ path: String, _ recipe: QuantizationRecipe,
        _ hints: Hints
    ) throws(QuantizerError) -> Conversion {
        try refuseFileHints(hints, path)
        let checkpoint = try folder.checkpoint()
        let upscaler =
            if let file = hints.upscaler { try upscalerStage(file) } else { try folder.upscaler() }
        var description = BundleDescription(
            name: hints.name ?? lastComponent(of: path), family: "stable-diffusion")
        description.scheduler = checkpoint.scheduler
        description.defaults = folder.defaults
        return Conversion(
            stages: try checkpoint.stages() + [upscaler].compactMap(\.self),
            tokenizer: try TokenizerFiles(folder: path), description: description, recipe: recipe,
            root: path)
    }

    /// Gathers what a single file holds: a whole model, a LoRA or an upscaler.
    package static func open(
        _ source: any CheckpointSource, recipe: QuantizationRecipe, hints: Hints = Hints()
    ) throws(QuantizerError) -> Conversion {
        if let net = try LatentDiffusionControlNet(source) {
            return try openControlNet(net, source, recipe, hints)
        }
        if LatentDiffusionCheckpoint.recognizes(source) {
            return try openSingleFile(source, recipe, hints)
        }
        let path = source.path
        guard hints.upscaler == nil else {
            throw .option("--upscaler: \(path) is no model to add one to")
        }
        try refuseFileHints(hints, path)
        let isLoRA = LoRAFile.recognizes(source)
        if !isLoRA, let file = TextualInversionFile(source) {
            let name = hints.name ?? stem(of: path)
            return Conversion(
                stages: [try file.stage(word: name)], tokenizer: nil,
                description: BundleDescription(name: name, family: "textual-inversion"),
                recipe: recipe, root: folder(of: path))
        }
        return Conversion(
            stages: isLoRA ? try LoRAFile(source).stages() : [try upscalerStage(source)],
            tokenizer: nil,
            description: BundleDescription(
                name: hints.name ?? stem(of: path), family: isLoRA ? "lora" : "upscaler"),
            recipe: recipe, root: folder(of: path))
    }

    private static func openControlNet(
        _ net: LatentDiffusionControlNet, _ source: any CheckpointSource,
        _ recipe: QuantizationRecipe, _ hints: Hints
    ) throws(QuantizerError) -> Conversion {
        for (option, isGiven) in [
            ("--upscaler", hints.upscaler != nil), ("--tokenizer", hints.tokenizer != nil),
        ] where isGiven {
            throw .option("\(option): \(source.path) is a ControlNet, which has none")
        }
        return Conversion(
            stages: [try net.stage(family: hints.family)], tokenizer: nil,
            description: BundleDescription(
                name: hints.name ?? stem(of: source.path), family: "controlnet"),
            recipe: recipe, root: folder(of: source.path))
    }

    private static func openFolder(
        _ path: String, _ recipe: QuantizationRecipe, _ hints: Hints
    ) throws(QuantizerError) -> Conversion {
        try refuseFileHints(hints, path)
        let folder = try DiffusersFolder(path: path)
        var stages = try folder.stages()
        if let upscaler = hints.upscaler { stages.append(try upscalerStage(upscaler)) }
        var description = BundleDescription(
            name: hints.name ?? lastComponent(of: path), family: "stable-diffusion")
        description.scheduler = try folder.scheduler()
        description.license = try folder.license()
        return Conversion(
            stages: stages, tokenizer: try folder.tokenizer(), description: description,
            recipe: recipe, root: path)
    }

    private static func openSingleFile(
        _ source: any CheckpointSource, _ recipe: QuantizationRecipe, _ hints: Hints
    ) throws(QuantizerError) -> Conversion {
        let file = try LatentDiffusionCheckpoint(source, family: hints.family)
        var stages = try file.stages()
        if let upscaler = hints.upscaler { stages.append(try upscalerStage(upscaler)) }
        var description = BundleDescription(
            name: hints.name ?? stem(of: source.path), family: "stable-diffusion")
        description.scheduler = file.scheduler
        return Conversion(
            stages: stages, tokenizer: try file.tokenizer(folder: hints.tokenizer),
            description: description, recipe: recipe, root: folder(of: source.path))
    }

    private static func refuseFileHints(
        _ hints: Hints, _ path: String
    ) throws(QuantizerError) {
        for (option, isGiven) in [
            ("--family", hints.family != nil), ("--tokenizer", hints.tokenizer != nil),
        ] where isGiven {
            throw .option("\(option): \(path) is not a single file with a whole model in it")
        }
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

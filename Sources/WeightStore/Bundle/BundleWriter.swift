#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What `bundle.json` says beside the stages.
package struct BundleDescription: Sendable {
    /// A file that the bundle was made from.
    package struct Source: Sendable, Equatable {
        /// Its name, relative to the checkpoint.
        package let file: String
        /// Its SHA-256.
        package let sha256: String

        /// Names a source.
        package init(file: String, sha256: String) {
            self.file = file
            self.sha256 = sha256
        }
    }

    /// The model's name.
    package var name: String
    /// `stable-diffusion` or `upscaler`.
    package var family: String
    /// Upstream's scheduler configuration.
    package var scheduler: JSONObject?
    /// The files that it was made from.
    package var sources: [Source] = []
    /// What a request that does not say gets: `steps`, `guidance`, `sampler`.
    package var defaults: JSONObject?
    /// The source's licence text.
    package var license: String?

    /// Describes a model without scheduler, sources and licence.
    package init(name: String, family: String) {
        self.name = name
        self.family = family
    }
}

/// Writes a bundle that appears complete or not at all.
///
/// Everything goes into a hidden folder beside the target; `commit` syncs it and renames it into
/// place. Without a commit the hidden folder is removed again.
package final class BundleWriter {
    /// Where the bundle will appear.
    package let path: String
    /// The hidden folder that is being filled.
    package var workingFolder: String { working.path }
    private let working: WorkingFolder
    private let overwrite: Bool
    private var stages = JSONObject()
    private var tokenizerClass: String?
    private var isCommitted = false

    /// Begins a bundle; throws at once if the target cannot be written.
    /// - Parameter overwrite: whether a bundle that is there may be replaced; anything else never is.
    package init(path: String, overwrite: Bool = false) throws(WeightError) {
        let (folder, name) = try writableTarget(path)
        let target = "\(folder)/\(name)"
        try checkReplaceable(target, overwrite: overwrite)
        working = try WorkingFolder(in: folder, target: target)
        self.path = target
        self.overwrite = overwrite
    }

    deinit {
        if !isCommitted { removeFolder(workingFolder) }
    }

    /// Begins a stage's weight file.
    /// - Parameter stage: `text_encoder`, `unet`, `vae` or `upscaler`.
    package func startStage(
        _ stage: String, plan: [PlannedTensor], metadata: [String: String] = [:]
    ) throws(WeightError) -> WeightFileWriter {
        try WeightFileWriter(
            path: "\(workingFolder)/\(try fileName(of: stage))", plan: plan, metadata: metadata)
    }

    /// Enters a stage whose weight file is finished.
    package func finishStage(
        _ stage: String, _ written: WrittenFile, className: String, type: String,
        config: JSONObject
    ) throws(WeightError) {
        stages[stage] = [
            "file": .string(try fileName(of: stage)),
            "bytes": .integer(Int64(written.byteCount)),
            "sha256": .string(written.sha256),
            "class": .string(className),
            "type": .string(type),
            "config": .object(config),
        ]
    }

    /// Copies the tokenizer's files, verbatim, under the names that they have.
    /// - Parameter files: their paths.
    package func copyTokenizer(
        className: String, files: [String]
    ) throws(WeightError) {
        var contents: [(name: String, bytes: [UInt8])] = []
        for file in files { contents.append((splitPath(file).name, try readFile(file))) }
        try writeTokenizer(className: className, files: contents)
    }

    /// Writes the tokenizer's files.
    package func writeTokenizer(
        className: String, files: [(name: String, bytes: [UInt8])]
    ) throws(WeightError) {
        let folder = "\(workingFolder)/\(BundleWriter.tokenizerFolder)"
        try systemCall("create", folder) { mkdir(folder, 0o777) }
        for file in files {
            try AtomicFile.writeAtomically(file.bytes, to: "\(folder)/\(file.name)")
        }
        tokenizerClass = className
    }

    /// Writes `bundle.json`, syncs everything and puts the bundle in place.
    package func commit(_ description: BundleDescription) throws(WeightError) {
        let text = json(description).serialized(pretty: true)
        try AtomicFile.writeAtomically(text, to: "\(workingFolder)/\(Bundle.fileName)")
        // What was written must open: a bundle that cannot is better not made.
        let bundle = try Bundle.open(workingFolder)
        for stage in bundle.stages.keys.sorted() { _ = try bundle.weights(stage) }
        try synchronizeFolder(workingFolder)
        try checkReplaceable(path, overwrite: overwrite)
        try moveFolder(workingFolder, to: path)
        isCommitted = true
        try synchronizeFolder(splitPath(path).folder)
    }

    private func json(_ description: BundleDescription) -> JSONObject {
        var json: JSONObject = [
            "format": .string(Bundle.format),
            "version": .integer(Int64(Bundle.version)),
            "name": .string(description.name),
            "family": .string(description.family),
            "stages": .object(stages),
        ]
        json["scheduler"] = description.scheduler.map { .object($0) }
        json["tokenizer"] = tokenizerClass.map { className in
            ["class": .string(className), "folder": .string(BundleWriter.tokenizerFolder)]
        }
        json["sources"] = .array(
            description.sources.map { ["file": .string($0.file), "sha256": .string($0.sha256)] })
        json["defaults"] = description.defaults.map { .object($0) }
        json["license"] = description.license.map { .string($0) }
        return json
    }

    private func fileName(of stage: String) throws(WeightError) -> String {
        let name = "\(stage).safetensors"
        guard isPlainFileName(name) else {
            throw .bundle(path: path, expected: "a stage's name", found: stage)
        }
        return name
    }

    private static let tokenizerFolder = "tokenizer"
}

/// Throws unless nothing is at `path`, or a bundle that may be overwritten.
private func checkReplaceable(_ path: String, overwrite: Bool) throws(WeightError) {
    guard let found = kindOfItem(at: path) else { return }
    let isBundle =
        (try? JSONObject.load("\(path)/\(Bundle.fileName)"))?["format"]?.string == Bundle.format
    guard isBundle else { throw .irreplaceable(path: path, found: found) }
    guard overwrite else { throw .exists(path: path) }
}

internal import WeightStore

/// Why a request cannot be served, in words for the person who made it.
public enum PipelineError: Error, Equatable, CustomStringConvertible {
    /// A field of the request is outside what the model can do.
    case invalidRequest(field: String, expected: String, found: String)
    /// There is no model of that name or path.
    case modelNotFound(name: String, searched: [String], known: [String])
    /// The bundle lacks a part that the request needs.
    case missingPart(bundle: String, part: String)
    /// A part of the bundle is of a kind that this version does not run.
    case unsupportedPart(bundle: String, part: String, found: String)
    /// What `bundle.json` says of a part makes no sense, or is beyond this version.
    case configuration(file: String, problem: String)
    /// Arithmetic broke down: the weights are damaged, or the request drove the model out of its range.
    case notFinite(stage: String, step: Int?)
    /// The work was ended from outside.
    case interrupted
    /// The work takes more memory than there is.
    case outOfMemory(what: String, neededBytes: Int, availableBytes: Int)
    /// The work cannot be done within the limit that was asked for.
    case memoryLimit(what: String, limitBytes: Int, leastBytes: Int)

    /// One or two sentences: what, expected, found, what to do.
    public var description: String {
        switch self {
        case .invalidRequest(let field, let expected, let found):
            "\(field): expected \(expected), found \(found)"
        case .modelNotFound(let name, let searched, let known):
            "no model \"\(name)\": not a bundle folder, and not found in "
                + searched.joined(separator: ", ")
                + (known.isEmpty ? "" : "; there are: " + known.joined(separator: ", "))
        case .missingPart(let bundle, let part):
            "\(printable(bundle)) has no \(part); quantize a checkpoint that holds one"
        case .unsupportedPart(let bundle, let part, let found):
            "\(printable(bundle)): \(part) is \(printable(found)), which this version does not run"
        case .configuration(let file, let problem):
            "\(printable(file)): \(printable(problem))"
        case .notFinite(let stage, let step):
            "the \(stage) gave infinite or undefined numbers"
                + (step.map { " at step \($0)" } ?? "")
                + "; the weights may be damaged: check them with `inkstone inspect --verify`"
        case .interrupted:
            "the work was ended before its end"
        case .outOfMemory(let what, let needed, let available):
            "\(what) takes at least \(needed >> 20) MiB of memory, and \(available >> 20) MiB are "
                + "free; choose a smaller size"
        case .memoryLimit(let what, let limit, let least):
            "\(what) does not fit into \(limit >> 20) MiB of memory; the smallest limit that would "
                + "do is \((least + 1 << 20 - 1) >> 20)M"
        }
    }
}

import ArgumentParser
import Quantizer
import WeightStore

/// What the bundle says that its checkpoint does not: the values that work well, and the licence.
struct ModelNotes: ParsableArguments {
    @Option(help: ArgumentHelp("Steps to draw with unless told otherwise.", valueName: "n"))
    var defaultSteps: Int?

    @Option(help: ArgumentHelp("Guidance to draw with unless told otherwise.", valueName: "scale"))
    var defaultGuidance: Double?

    @Option(
        help: ArgumentHelp(
            "The licence's text; by default that of a LICENSE file in the checkpoint's folder.",
            valueName: "file"))
    var license: String?

    func validate() throws {
        if let steps = defaultSteps, !(1...1000).contains(steps) {
            throw ValidationError("--default-steps: expected 1 to 1000, found \(steps)")
        }
        if let guidance = defaultGuidance, !(0...100).contains(guidance) {
            throw ValidationError("--default-guidance: expected 0 to 100, found \(guidance)")
        }
    }

    /// Adds the notes to a bundle's description.
    func apply(to description: inout BundleDescription) throws {
        var defaults = description.defaults ?? JSONObject()
        if let defaultSteps { defaults["steps"] = .integer(Int64(defaultSteps)) }
        if let defaultGuidance { defaults["guidance"] = .number(defaultGuidance) }
        if defaults.count > 0 { description.defaults = defaults }
        if let license {
            description.license = String(
                decoding: try readFile(license, limit: 1 << 20), as: UTF8.self)
        }
    }
}

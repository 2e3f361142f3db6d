import ArgumentParser
import Quantizer
import WeightStore

/// What both commands are told about the bundle to write.
struct Output: ParsableArguments {
    @Argument(help: "The bundle to write.")
    var out: String

    @Option(help: "What the weights become.")
    var type: WeightType

    @Option(help: ArgumentHelp("The model's name in the bundle.", valueName: "name"))
    var name: String?

    @Option(
        help: ArgumentHelp(
            "Store what fits the pattern, stage.tensor with * and ?, as another type; the last "
                + "that fits counts.", valueName: "pattern=type"))
    var keep: [String] = []

    @Option(help: ArgumentHelp("Write all figures as a page of HTML.", valueName: "file"))
    var report: String?

    @Flag(help: "Replace a bundle that is there.")
    var force = false

    /// The recipe that the options describe.
    func recipe() throws -> QuantizationRecipe {
        QuantizationRecipe(
            type: type, exceptions: try keep.map { try QuantizationRecipe.Exception($0) })
    }

    /// Writes the bundle and the reports.
    func write(_ conversion: Conversion) throws {
        catchInterrupts()
        let page = try report.map { try AtomicFile(path: $0) }
        let start = ContinuousClock.now
        var display = ProgressDisplay()
        let figures: ConversionReport
        do {
            figures = try conversion.write(to: out, overwrite: force) { progress in
                display.show(progress)
                return !isInterrupted
            }
        } catch {
            display.finish()
            throw error
        }
        display.finish()
        if let page {
            try page.write(Array(figures.html().utf8))
            try page.commit()
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        print(figures.text())
        print("\(out) is ready after \(Int(seconds.rounded())) s")
    }
}

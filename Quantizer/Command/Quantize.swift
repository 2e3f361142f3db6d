import ArgumentParser
import Quantizer

extension WeightType: ExpressibleByArgument {}

/// `inkstone-quantize CHECKPOINT OUT`: a checkpoint becomes a bundle.
@main
struct Quantize: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inkstone-quantize",
        abstract: "Turn a published checkpoint into a bundle that inkstone runs.")

    @Argument(help: "A diffusers folder, or the file of an upscaler (.pth, .safetensors).")
    var checkpoint: String

    @Argument(help: "The bundle to write.")
    var out: String

    @Option(help: "What the weights become.")
    var type: WeightType

    @Option(help: "An upscaler's file to put beside a diffusion model.")
    var upscaler: String?

    func run() throws {
        let recipe = QuantizationRecipe(type: type)
        let conversion = try Conversion.open(checkpoint, recipe: recipe, upscaler: upscaler)
        _ = try conversion.write(to: out)
    }
}

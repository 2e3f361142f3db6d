import ArgumentParser
import Quantizer

extension WeightType: ExpressibleByArgument {}

/// `inkstone-quantize [convert] CHECKPOINT OUT`.
struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Convert a checkpoint (the default).",
        discussion: """
            CHECKPOINT is a diffusers folder (model_index.json, text_encoder, unet, vae, tokenizer, \
            scheduler; safetensors or torch .bin files) or the file of an ESRGAN or Real-ESRGAN \
            upscaler (.pth or .safetensors). Torch files are read as data: nothing in them is \
            executed.

            int8 keeps the first and last layers, the time embedding and the shortcuts in f16, \
            biases and norms in f32. --keep 'unet.*attn2*=f16' makes exceptions.
            """)

    @Argument(help: "The checkpoint to read.")
    var checkpoint: String

    @OptionGroup var output: Output

    @Option(help: ArgumentHelp("An upscaler to put beside the model.", valueName: "file"))
    var upscaler: String?

    @OptionGroup var notes: ModelNotes

    func run() throws {
        var conversion = try Conversion.open(
            checkpoint, recipe: try output.recipe(), upscaler: upscaler, name: output.name)
        try notes.apply(to: &conversion.description)
        try output.write(conversion)
    }
}

/// `inkstone-quantize synthesize OUT`.
struct Synthesize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a bundle of a real model's shapes with random weights, to measure with.")

    @Option(help: "The model whose shapes it has.")
    var family: SyntheticModel

    @Option(help: ArgumentHelp("Equal seeds give equal bundles.", valueName: "n"))
    var seed: UInt64 = 0

    @OptionGroup var output: Output

    func run() throws {
        let conversion = try Conversion.synthetic(
            family, seed: seed, recipe: try output.recipe(), name: output.name)
        try output.write(conversion)
    }
}

extension SyntheticModel: ExpressibleByArgument {}

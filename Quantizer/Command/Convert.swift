import ArgumentParser
import Quantizer

extension WeightType: ExpressibleByArgument {}
extension ModelFamily: ExpressibleByArgument {}

/// `inkstone-quantize [convert] CHECKPOINT OUT`.
struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Convert a checkpoint (the default).",
        discussion: """
            CHECKPOINT is a diffusers folder (model_index.json, text_encoder, unet, vae, tokenizer, \
            scheduler; safetensors or torch .bin files), a folder of PAI-Diffusion 2022 \
            (config.json, pytorch_model.bin, vocab.txt, RRDB_ESRGAN_x4.pth), a diffusers folder of \
            a ControlNet, TAESD or autoencoder alone, or a file: a whole model or a ControlNet in \
            the names of their original code (.safetensors or .ckpt), a LoRA, a textual inversion, \
            an ESRGAN or Real-ESRGAN upscaler. Torch files are read as data: nothing in them is \
            executed.

            A single file has neither a configuration nor a tokenizer. Its family follows from \
            names and shapes unless --family gives it; the tokenizer is CLIP's or BERT's Chinese \
            one, by the size of its vocabulary, unless --tokenizer gives a folder.

            int8 keeps the first and last layers, the time embedding and the shortcuts in f16, \
            biases and norms in f32. --keep 'unet.*attn2*=f16' makes exceptions.
            """)

    @Argument(help: "The checkpoint to read.")
    var checkpoint: String

    @OptionGroup var output: Output

    @Option(help: ArgumentHelp("An upscaler to put beside the model.", valueName: "file"))
    var upscaler: String?

    @Option(help: "What a single file holds.")
    var family: ModelFamily?

    @Option(
        help: ArgumentHelp(
            "The tokenizer of a single file: vocab.txt, or vocab.json and merges.txt.",
            valueName: "folder"))
    var tokenizer: String?

    @Option(
        help: ArgumentHelp(
            "A table for the sampler olss, as its search saved it; may be repeated, one for each number of steps.",
            valueName: "file"))
    var olss: [String] = []

    @OptionGroup var notes: ModelNotes

    func run() throws {
        var conversion = try Conversion.open(
            checkpoint, recipe: try output.recipe(),
            hints: .init(
                name: output.name, upscaler: upscaler, family: family, tokenizer: tokenizer))
        try conversion.addOLSS(olss)
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

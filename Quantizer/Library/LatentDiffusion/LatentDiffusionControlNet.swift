import WeightStore

/// A ControlNet in one file with its authors' names, which are those of a latent-diffusion U-Net's way down,
/// what it sees of the picture (`input_hint_block`), and a 1×1 convolution for each activation that it adds
/// to (`zero_convs`, `middle_block_out`). A whole model may stand in the same file; it is left out.
/// - Source: lllyasviel/ControlNet, `cldm/cldm.py`; diffusers, `loaders/single_file_utils.py`.
struct LatentDiffusionControlNet {
    private let source: any CheckpointSource
    private let names: TensorNames
    private let unet: LatentDiffusionUNet

    private static let prefix = "control_model."
    private static let hint = "input_hint_block."

    /// nil for a file of something else.
    init?(_ source: any CheckpointSource) throws(QuantizerError) {
        let prefixes = [Self.prefix, ""]
        let found = prefixes.first { prefix in
            source.tensors.contains { $0.name.hasPrefix(prefix + Self.hint) }
        }
        guard let found else { return nil }
        self.source = source
        names = TensorNames(source, prefix: found)
        guard !source.tensors.contains(where: { $0.name == "difference" }) else {
            throw .unsupported(
                path: source.path,
                what: "a ControlNet that holds differences from a model, without that model")
        }
        unet = try LatentDiffusionUNet(names)
    }

    /// The network, its tensors checked but not read.
    /// - Parameter family: nil for what the shapes tell.
    func stage(family: ModelFamily?) throws(QuantizerError) -> Stage {
        // What a Stable Diffusion 2 predicts makes no difference to the net.
        let family = family ?? (unet.isProjectionLinear ? .sd2Base : .sd1)
        let convolutions = names.count { Self.hint + "\(2 * $0).weight" }
        var widths: [Int] = []
        // Two convolutions at each size, the last of all but one aside.
        for index in stride(from: 0, to: convolutions - 1, by: 2) {
            widths.append(try names.extent(Self.hint + "\(2 * index).weight", 0))
        }
        var configuration = try unet.encoderConfiguration(heads: family.facts.heads)
        configuration["_class_name"] = "ControlNetModel"
        configuration["conditioning_channels"] = JSONValue(
            try names.extent(Self.hint + "0.weight", 1))
        configuration["conditioning_embedding_out_channels"] = .list(widths)
        configuration["controlnet_conditioning_channel_order"] = "rgb"
        return try Stage(
            kind: .controlNet, architecture: .controlNet, configuration: configuration,
            configurationPath: source.path,
            source: RenamedSource(source, unet.tensors(modules(convolutions))))
    }

    /// Diffusers' names of what a U-Net does not have.
    private func modules(_ convolutions: Int) -> [String: String] {
        let hint = "controlnet_cond_embedding"
        var modules = ["middle_block_out.0": "controlnet_mid_block"]
        for index in 0..<convolutions {
            let name =
                index == 0
                ? "conv_in" : index == convolutions - 1 ? "conv_out" : "blocks.\(index - 1)"
            modules[Self.hint + "\(2 * index)"] = "\(hint).\(name)"
        }
        for index in 0..<names.count({ "zero_convs.\($0).0.weight" }) {
            modules["zero_convs.\(index).0"] = "controlnet_down_blocks.\(index)"
        }
        return modules
    }
}

import Foundation
import TestSupport
import Testing
import WeightStore

/// A `bundle.json` that is damaged, or that asks for what no model can be: every refusal names the
/// file and the key, and no value is a trap.
@Suite struct HostileConfigurationTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    @Test func damagedTextsAreRefusedOrHarmless() throws {
        let model = try DamagedModel(in: scratch)
        let whole = model.json.serialized()
        var random = SeededGenerator(seed: 4)
        for index in trials(30) {
            let place = Int.random(in: 0..<whole.count, using: &random)
            var bytes = whole
            switch index % 3 {
            case 0: bytes.removeSubrange(place...)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            default: bytes.removeSubrange(place..<min(place + index, bytes.count))
            }
            try model.write(bytes, to: Bundle.fileName)
            try model.draw().expectPictureOrRefusal(in: scratch, "trial \(index), byte \(place)")
        }
        for text in ["[", "{\"a\":", "\""] {
            let deep = String(repeating: text, count: 100_000)
            try model.write(Array(deep.utf8), to: Bundle.fileName)
            try model.draw().expectRefusal(saying: "bundle.json", in: scratch, text)
        }
    }

    /// Stage, key and the values that are refused with the file's and the key's name.
    static let impossible: [(stage: String, key: String, values: [JSONValue])] = [
        ("text_encoder", "hidden_size", [0, -1, 33, 1e300, "32", [32], nil, .integer(.max)]),
        ("text_encoder", "num_attention_heads", [0, 3, 1000, .integer(.max)]),
        ("text_encoder", "num_hidden_layers", [0, -1, 1_000_000_000]),
        ("text_encoder", "intermediate_size", [0, 1_000_000_000]),
        ("text_encoder", "max_position_embeddings", [0, 1_000_000_000]),
        ("text_encoder", "vocab_size", [0, -1, .integer(.max)]),
        ("text_encoder", "hidden_act", ["relu", 1]),
        ("text_encoder", "layer_norm_eps", [0, -1, "x"]),
        (
            "unet", "block_out_channels",
            [[], [0, 0, 0, 0], [30, 32, 64, 64], [.integer(.max), 1, 1, 1], 32, "x", [2.5]]
        ),
        ("unet", "norm_num_groups", [0, 7, .integer(.max)]),
        ("unet", "attention_head_dim", [0, 3, [4, 4], .integer(.max)]),
        ("unet", "layers_per_block", [0, 17, [1, 1], .integer(.max)]),
        ("unet", "transformer_layers_per_block", [0, 65, .integer(.max)]),
        ("unet", "in_channels", [0, 65, .integer(.max)]),
        ("unet", "sample_size", [0, -1, 1_000_000_000, [64, 64]]),
        ("unet", "cross_attention_dim", [0, 1_000_000_000, [32, 32]]),
        ("unet", "down_block_types", [[], ["DownBlock2D"], "DownBlock2D"]),
        ("unet", "freq_shift", [2, -1]),
        ("unet", "norm_eps", [0, "x"]),
        ("unet", "conv_in_kernel", [1, 5, 0]),
        ("unet", "class_embed_type", ["timestep"]),
        ("vae", "in_channels", [0, 1, 4, 16]),
        ("vae", "out_channels", [1, 4]),
        ("vae", "latent_channels", [0, .integer(.max)]),
        (
            "vae", "block_out_channels",
            [[], .array(.init(repeating: 32, count: 17)), [33, 33, 33, 33]]
        ),
        ("vae", "scaling_factor", [0, -1, "x"]),
        ("vae", "norm_num_groups", [0, 5]),
        ("vae", "use_quant_conv", ["x", 1]),
    ]

    @Test(arguments: impossible.indices) func impossibleValuesAreRefused(index: Int) throws {
        let (stage, key, values) = Self.impossible[index]
        for value in values where value != .null {
            var model = try DamagedModel(in: scratch)
            try model.set(["stages", stage, "config", key], value)
            try model.draw().expectRefusal(
                saying: "model/bundle.json: ", "configuration: ", key, in: scratch,
                "\(stage).\(key) = \(value)")
        }
    }

    /// Possible values that do not fit the weights: the first tensor that tells is named.
    @Test(
        arguments: [
            ("text_encoder", "hidden_size", 64), ("text_encoder", "num_hidden_layers", 4),
            ("text_encoder", "num_hidden_layers", 2), ("text_encoder", "vocab_size", 30000),
            ("text_encoder", "max_position_embeddings", 77), ("unet", "layers_per_block", 2),
            ("unet", "block_out_channels", [32, 32, 64, 96]), ("unet", "block_out_channels", [32]),
            ("unet", "transformer_layers_per_block", 2),
            ("vae", "layers_per_block", 2), ("vae", "use_quant_conv", false),
        ] as [(String, String, JSONValue)])
    func valuesThatBelongToOtherWeightsAreRefused(stage: String, key: String, value: JSONValue)
        throws
    {
        var model = try DamagedModel(in: scratch)
        try model.set(["stages", stage, "config", key], value)
        if case .array(let levels) = value, levels.count == 1 {
            try model.set(["stages", stage, "config", "down_block_types"], ["DownBlock2D"])
            try model.set(["stages", stage, "config", "up_block_types"], ["UpBlock2D"])
        }
        try model.draw().expectRefusal(
            saying: "\(stage).safetensors: ", "tensor", in: scratch)
    }

    /// Each stage is sound, and they do not belong together.
    @Test(arguments: [8, 33, 64]) func textOfAnotherWidthIsRefused(width: Int) throws {
        var model = try DamagedModel(in: scratch)
        try model.rewrite("unet") { tensors in
            for index in tensors.indices
            where tensors[index].name.contains(/attn2\.to_[kv]\.weight/) {
                tensors[index].shape[1] = width
            }
        }
        try model.set(
            ["stages", "unet", "config", "cross_attention_dim"], .integer(Int64(width)))
        try model.draw().expectRefusal(
            saying: "hidden_size 32", "cross_attention_dim \(width)", in: scratch)
    }

    @Test func latentsOfAnotherModelAreRefused() throws {
        var model = try DamagedModel(in: scratch)
        try model.set(["stages", "vae", "config", "latent_channels"], 8)
        try model.draw().expectRefusal(saying: "unet", "8 latent channels", in: scratch)
    }

    /// The scheduler's keys, which decide the loop's length, table sizes and indices.
    @Test(
        arguments: [
            ("num_train_timesteps", 0), ("num_train_timesteps", -1),
            ("num_train_timesteps", 1_000_000_000), ("num_train_timesteps", "x"),
            ("beta_start", -1), ("beta_start", 2), ("beta_end", 1e300), ("beta_end", "x"),
            ("beta_schedule", "cubic"), ("beta_schedule", 7), ("trained_betas", [0.1, 0.2]),
            ("trained_betas", ["x"]), ("prediction_type", "flow"), ("timestep_spacing", "odd"),
        ] as [(String, JSONValue)])
    func nonsenseOfTheSchedulerIsRefused(key: String, value: JSONValue) throws {
        var model = try DamagedModel(in: scratch)
        try model.set(["scheduler", key], value)
        try model.draw().expectRefusal(
            saying: "model/bundle.json: scheduler configuration", key, in: scratch)
    }

    /// Schedules at the edge of sense, with every sampler and the step counts around their limits.
    @Test(
        arguments: [
            [("num_train_timesteps", 1)], [("num_train_timesteps", 2)],
            [("num_train_timesteps", 3), ("timestep_spacing", "trailing")],
            [("num_train_timesteps", 7), ("timestep_spacing", "linspace")],
            [("beta_start", 0), ("beta_end", 0)], [("beta_start", 0.999), ("beta_end", 0.999)],
            [("rescale_betas_zero_snr", true), ("prediction_type", "v_prediction")],
            [("use_karras_sigmas", true), ("beta_start", 1e-30), ("beta_end", 1e-30)],
            [("beta_schedule", "squaredcos_cap_v2"), ("num_train_timesteps", 5)],
        ] as [[(String, JSONValue)]])
    func strangeSchedulesDrawOrAreRefused(changes: [(String, JSONValue)]) throws {
        var model = try DamagedModel(in: scratch)
        for (key, value) in changes { try model.set(["scheduler", key], value) }
        let samplers =
            "ddim pndm euler euler-a dpm++2m dpm++2m-karras dpm++2m-sde dpm++2s lms heun "
            + "dpm2 dpm2-a unipc ddpm lcm deis"
        for (index, sampler) in samplers.split(separator: " ").enumerated() {
            let steps = [1, 2, 3, 5, 7][(index + changes.count) % 5]
            let run = try model.draw([
                "--sampler", "\(sampler)", "--steps", "\(steps)", "--size", "8x8",
            ])
            #expect([0, 1, 2].contains(run.status), "\(sampler) \(steps): \(run.errors)")
            let names = try scratch.names()
            #expect(names == (run.status == 0 ? ["a.png", "model"] : ["model"]))
            try? FileManager.default.removeItem(atPath: scratch.path("a.png"))
        }
    }

    @Test(
        arguments: [
            ("steps", 0), ("steps", "x"), ("guidance", 1e300), ("guidance", -1),
            ("sampler", "magic"), ("sampler", 1),
        ] as [(String, JSONValue)])
    func senselessDefaultsAreTheBundlesFault(key: String, value: JSONValue) throws {
        var model = try DamagedModel(in: scratch)
        try model.set(["defaults", key], value)
        let run = try Program.inkstone.run(
            ["generate", "a", "--model", "model", "-o", "a.png"], in: scratch)
        try run.expectRefusal(saying: "bundle.json: expected defaults.\(key)", in: scratch)
    }

    @Test func sizeThatOnlyTheModelWantsIsCalledTheModels() throws {
        var model = try DamagedModel(in: scratch)
        try model.set(["stages", "unet", "config", "sample_size"], 4000)
        let run = try Program.inkstone.run(
            ["generate", "a", "--model", "model", "-o", "a.png"], in: scratch)
        try run.expectRefusal(status: 2, saying: "the model's own size, 32000", in: scratch)
        #expect(try model.draw(["--size", "16x16"]).status == 0)
    }

    @Test func wholeNumbersBeyondAllMeasureAreNoTrap() throws {
        var model = try DamagedModel(in: scratch)
        for stage in DamagedModel.stages {
            try model.set(["stages", stage, "bytes"], .integer(.max))
        }
        let environment = ["INKSTONE_MODELS": scratch.root]
        let list = try Program.inkstone.run(["models"], environment: environment, in: scratch)
        #expect(list.status == 0 && list.text.contains("damaged"))
        for arguments in [["inspect", "model"], ["bench", "--model", "model"]] {
            try Program.inkstone.run(arguments, in: scratch).expectRefusal(
                saying: "bytes", in: scratch)
        }
    }

    @Test(arguments: [
        ["stages", "unet", "class"], ["stages", "text_encoder", "class"], ["tokenizer", "class"],
        ["tokenizer", "folder"], ["stages", "vae", "file"], ["family"],
    ])
    func namesFromTheFileCannotReachTheTerminalOrAnotherFolder(path: [String]) throws {
        for name in [
            "\u{1B}[31mred\u{7}", "../model/unet.safetensors", "/etc/passwd", "", ".hidden",
        ] {
            var model = try DamagedModel(in: scratch)
            try model.set(path, .string(name))
            try model.draw().expectRefusal(in: scratch, "\(path) = \(name)")
        }
    }

    @Test(arguments: [
        ["stages", "unet"], ["stages", "vae"], ["stages", "text_encoder"], ["scheduler"],
        ["tokenizer"], ["stages"], ["format"],
    ])
    func missingPartsAreNamed(path: [String]) throws {
        var model = try DamagedModel(in: scratch)
        try model.set(path, nil)
        try model.draw().expectRefusal(saying: path[path.count - 1], in: scratch)
    }
}

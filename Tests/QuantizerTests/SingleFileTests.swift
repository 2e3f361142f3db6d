import Quantizer
import Testing
import WeightStore

/// Whole models in one file, under latent diffusion's names.
@Suite struct SingleFileTests {
    private let recipe = QuantizationRecipe(type: .f32)
    private let scratch: Scratch
    /// Which tensor of the file is which of the folder: diffusers' own conversion.
    private let pairs: JSONObject

    init() throws {
        scratch = try Scratch()
        pairs = try JSONObject.load(fixture("single-file.json"))
    }

    /// The tensors of the file: as many numbers as their shapes say, their own in each.
    private func source() throws -> MemorySource {
        MemorySource(try tensors()) { name, index in Float(abs(name.hashValue % 64)) + Float(index)
        }
    }

    private func tensors() throws -> [CheckpointTensor] {
        try pairs.map { name, pair in
            let shape = try #require(pair.array?.last?.array).compactMap(\.int)
            return CheckpointTensor(name: name, type: .f16, shape: shape)
        }
    }

    private func open(
        _ source: MemorySource, family: ModelFamily? = nil
    ) throws -> [Stage] {
        try Conversion.open(source, recipe: recipe, hints: .init(family: family)).stages
    }

    @Test func tensorsStandWhereDiffusersPutsThem() throws {
        let source = try source()
        let stages = try open(source)
        #expect(stages.map(\.kind) == [.textEncoder, .unet, .vae])
        var found = 0
        for (name, pair) in pairs {
            let place = try #require(pair.array?.first?.string).split(separator: "/")
            let stage = try #require(stages.first { $0.kind.rawValue == place[0] })
            let tensor = try #require(stage.expected.tensors.first { $0.name == place[1] })
            #expect(try stage.read(tensor) == source.read(name), "\(name)")
            found += 1
        }
        #expect(found == stages.reduce(0) { $0 + $1.expected.tensors.count })
    }

    @Test func configurationIsThatOfTheFolder() throws {
        let unet = try open(try source())[1].configuration
        #expect(unet["block_out_channels"] == [32, 32, 64, 64])
        #expect(unet["cross_attention_dim"] == 32)
        #expect(unet["attention_head_dim"] == [8, 8, 8, 8])
        #expect(unet["use_linear_projection"] == false)
        #expect(
            unet["up_block_types"] == [
                "UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D",
            ])
    }

    @Test func averagedWeightsAreTakenWhereAllAreThere() throws {
        let whole = try source()
        let averages = whole.tensors.filter { $0.name.hasPrefix("model.") }.map { tensor in
            CheckpointTensor(
                name: "model_ema."
                    + tensor.name.dropFirst("model.".count).filter { $0 != "." },
                type: .f32, shape: tensor.shape)
        }
        let name = "conv_in.weight"
        for (more, isAveraged) in [(averages, true), (Array(averages.dropLast()), false)] {
            let source = try source()
            source.tensors += more
            let unet = try open(source)[1]
            let tensor = try #require(unet.expected.tensors.first { $0.name == name })
            #expect(try unet.original(tensor).type == (isAveraged ? .f32 : .f16))
        }
    }

    /// Stable Diffusion 2: linear projections, OpenCLIP's names with its projections in one.
    private func secondGeneration() throws -> MemorySource {
        let tensors = try tensors().compactMap { tensor -> CheckpointTensor? in
            guard !tensor.name.hasPrefix("cond_stage_model.") else { return nil }
            let isProjection = [".proj_in.weight", ".proj_out.weight"].contains {
                tensor.name.hasPrefix("model.") && tensor.name.hasSuffix($0)
            }
            return CheckpointTensor(
                name: tensor.name, type: tensor.type,
                shape: isProjection ? Array(tensor.shape.prefix(2)) : tensor.shape)
        }
        var text: [String: [Int]] = [
            "token_embedding.weight": [49408, 32], "positional_embedding": [77, 32],
            "ln_final.weight": [32], "ln_final.bias": [32], "text_projection": [32, 32],
            "logit_scale": [],
        ]
        for layer in 0..<3 {
            let layers: [String: [Int]] = [
                "ln_1": [32], "ln_2": [32], "attn.in_proj_": [96, 32], "attn.out_proj": [32, 32],
                "mlp.c_fc": [128, 32], "mlp.c_proj": [32, 128],
            ]
            for (name, shape) in layers {
                let dot = name.hasSuffix("_") ? "" : "."
                let name = "transformer.resblocks.\(layer).\(name)\(dot)"
                text[name + "weight"] = shape
                text[name + "bias"] = [shape[0]]
            }
        }
        let renamed = text.map { name, shape in
            CheckpointTensor(name: "cond_stage_model.model.\(name)", type: .f16, shape: shape)
        }
        return MemorySource(tensors + renamed) { _, index in Float(index) }
    }

    @Test func openCLIPIsTakenApartAndItsLastLayerLeftOut() throws {
        let stages = try open(try secondGeneration(), family: .sd2768V)
        let text = stages[0]
        #expect(text.configuration["num_hidden_layers"] == 2)
        #expect(text.configuration["hidden_act"] == "gelu")
        for (index, part) in ["q", "k", "v"].enumerated() {
            let name = "text_model.encoder.layers.1.self_attn.\(part)_proj.weight"
            let tensor = try #require(text.expected.tensors.first { $0.name == name })
            #expect(try text.read(tensor).first == Float(index * 32 * 32))
        }
        #expect(stages[1].configuration["attention_head_dim"] == [1, 1, 1, 1])
        #expect(stages[1].configuration["use_linear_projection"] == true)
    }

    @Test func whatASecondGenerationPredictsMustBeSaid() throws {
        expectError("--family sd2-base", "--family sd2-768-v") {
            _ = try open(try secondGeneration())
        }
        for (family, prediction) in [
            (ModelFamily.sd2Base, "epsilon"), (.sd2768V, "v_prediction"),
        ] {
            let conversion = try Conversion.open(
                try secondGeneration(), recipe: recipe, hints: .init(family: family))
            #expect(conversion.description.scheduler?["prediction_type"]?.string == prediction)
            let map = try #require(
                conversion.tokenizer?.files.first { $0.name == "special_tokens_map.json" })
            #expect(String(decoding: map.bytes, as: UTF8.self).contains("\"pad_token\":\"!\""))
        }
    }

    /// Taiyi: BERT under transformers' names.
    @Test func bertIsFoundByItsNames() throws {
        let configuration: JSONObject = [
            "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
            "num_attention_heads": 2, "vocab_size": 21128, "max_position_embeddings": 16,
        ]
        let bert = try Architecture.bertModel.expectedTensors(configuration, path: "bert")
        let source = try source()
        source.tensors.removeAll { $0.name.hasPrefix("cond_stage_model.") }
        source.tensors += (bert.tensors.map { ($0.name, $0.shape) } + [("pooler.dense.bias", [32])])
            .map { name, shape in
                CheckpointTensor(
                    name: "cond_stage_model.transformer.\(name)", type: .f32, shape: shape)
            }
        let conversion = try Conversion.open(source, recipe: recipe)
        let text = conversion.stages[0]
        #expect(text.architecture == .bertModel)
        for (key, value) in configuration { #expect(text.configuration[key] == value, "\(key)") }
        #expect(conversion.tokenizer?.className == "BertTokenizer")
    }

    @Test func damagedFilesAreRefused() throws {
        let name = "model.diffusion_model.input_blocks.1.0.in_layers.2.weight"
        let missing = try source()
        missing.tensors.removeAll { $0.name == name }
        expectError("input_blocks", "residual block") { _ = try open(missing) }

        let misshapen = try source()
        misshapen.tensors.removeAll { $0.name == name }
        misshapen.tensors.append(CheckpointTensor(name: name, type: .f16, shape: [1 << 40]))
        expectError(name, "extent") { _ = try open(misshapen) }

        let textless = try source()
        textless.tensors.removeAll { $0.name.hasPrefix("cond_stage_model.") }
        expectError("text encoder") { _ = try open(textless) }

        let coderless = try source()
        coderless.tensors.removeAll { $0.name.hasPrefix("first_stage_model.") }
        expectError("first_stage_model.encoder.down.0") { _ = try open(coderless) }
    }

    @Test func hintsForASingleFileAreRefusedElsewhere() throws {
        expectError("--family") {
            _ = try Conversion.open(
                checkpoint("tiny-pai"), recipe: recipe, hints: .init(family: .sd1))
        }
        expectError("--tokenizer") {
            _ = try Conversion.open(
                fixture("x2.pth"), recipe: recipe, hints: .init(tokenizer: scratch.path))
        }
    }
}

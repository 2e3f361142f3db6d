import HTTPTypes
import Hummingbird
import Jobs
import WeightStore

extension Routes {
    /// What AUTOMATIC1111's clients ask before they draw.
    func addWebUILists(_ desk: Desk, _ settings: WebUISettings) {
        get("/sdapi/v1/samplers") { _, _ in
            .json(
                .array(
                    JobQueue.samplers.map { name, displayName in
                        [
                            "name": .string(displayName), "aliases": [.string(name)],
                            "options": [:],
                        ]
                    }))
        }
        get("/sdapi/v1/sd-models") { _, _ in
            .json(.array(await models(desk.queue, .draw).map(checkpoint)))
        }
        get("/sdapi/v1/upscalers") { _, _ in
            .json(.array(await models(desk.queue, .enlarge).map(upscaler)))
        }
        get("/sdapi/v1/options") { _, _ in
            .json(await options(desk.queue, settings))
        }
        post("/sdapi/v1/options") { request, _ in
            var request = request
            let object = try await request.jsonObject(upTo: BodyLimit.text, within: desk.budget)
            let title = try FieldReader(object: object).text("sd_model_checkpoint")
            if let name = title.map(WebUIOrder.modelName) {
                guard await models(desk.queue, .draw).contains(where: { $0.name == name }) else {
                    throw RequestProblem(
                        field: "sd_model_checkpoint", expected: "a title of /sdapi/v1/sd-models",
                        found: "\"\(name.prefix(40))\"")
                }
                settings.model = name
            }
            return .json([:])
        }
        post("/sdapi/v1/refresh-checkpoints") { _, _ in .json([:]) }
        for (path, answer) in constantAnswers { get("/sdapi/v1/\(path)") { _, _ in .json(answer) } }
    }
}

/// Of what this daemon has none, or always the same.
private let constantAnswers: [(path: String, answer: JSONValue)] = [
    (
        "schedulers",
        [
            [
                "name": "automatic", "label": "Automatic", "aliases": .null, "default_rho": -1.0,
                "need_inner_model": false,
            ],
            [
                "name": "karras", "label": "Karras", "aliases": .null, "default_rho": 7.0,
                "need_inner_model": false,
            ],
        ]
    ),
    ("scripts", ["txt2img": [], "img2img": []]),
    ("embeddings", ["loaded": [:], "skipped": [:]]),
    ("cmd-flags", [:]),
    ("memory", ["ram": [:], "cuda": [:]]),
    ("loras", []), ("hypernetworks", []), ("face-restorers", []), ("realesrgan-models", []),
    ("prompt-styles", []), ("sd-vae", []), ("latent-upscale-modes", []),
]

private func models(_ queue: JobQueue, _ kind: ModelSummary.Kind) async -> [ModelSummary] {
    await queue.modelSummaries().filter { $0.kind == kind }
}

private func title(_ model: ModelSummary) -> String { "\(model.name) [\(model.sha256.prefix(10))]" }

private func checkpoint(_ model: ModelSummary) -> JSONValue {
    [
        "title": .string(title(model)), "model_name": .string(model.name),
        "hash": .string(String(model.sha256.prefix(10))), "sha256": .string(model.sha256),
        "filename": .string(model.name), "config": .null,
    ]
}

private func upscaler(_ model: ModelSummary) -> JSONValue {
    [
        "name": .string(model.name), "model_name": .string(model.name), "model_path": .null,
        "model_url": .null, "scale": model.scale.map { .integer(Int64($0)) } ?? .null,
    ]
}

private func options(_ queue: JobQueue, _ settings: WebUISettings) async -> JSONValue {
    let name = settings.model ?? queue.configuration.defaultModel
    let model = await models(queue, .draw).first { $0.name == name }
    return [
        "sd_model_checkpoint": .string(model.map(title) ?? name),
        "sd_checkpoint_hash": .string(model?.sha256 ?? ""), "samples_format": "png",
    ]
}

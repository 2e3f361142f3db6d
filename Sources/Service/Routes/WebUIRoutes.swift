import FoundationEssentials
import HTTPTypes
import Hummingbird
import Jobs
import Logging
import Pictures
import Synchronization
import WeightStore

extension Routes {
    /// AUTOMATIC1111's `/sdapi/v1`, as far as its clients need it.
    /// - Source: AUTOMATIC1111 stable-diffusion-webui, `modules/api/api.py` and `models.py`.
    ///   Settings that name what this daemon does not have are ignored, as they are there.
    func addWebUI(_ desk: Desk) {
        let settings = WebUISettings()
        addWebUIDrawing(desk, settings)
        addWebUIState(desk)
        addWebUILists(desk, settings)
    }

    private func addWebUIDrawing(_ desk: Desk, _ settings: WebUISettings) {
        for begins in [false, true] {
            post("/sdapi/v1/\(begins ? "img2img" : "txt2img")") { request, context in
                var request = request
                let object = try await request.jsonObject(
                    upTo: begins ? BodyLimit.pictures : BodyLimit.text, within: desk.budget)
                let names = [
                    "count": "batch_size", "guidance": "cfg_scale", "sampler": "sampler_name",
                    "image": "init_images", "strength": "denoising_strength",
                ]
                let order = try await naming(names) {
                    try WebUIOrder(
                        object, defaultModel: settings.model, masks: begins ? desk.masks : nil)
                }
                let job = try await naming(names) {
                    try await desk.draw(order.request, for: request, context)
                }
                return try .closing(order.answer(job, desk))
            }
        }
        post("/sdapi/v1/extra-single-image") { request, context in
            var request = request
            let object = try await request.jsonObject(
                upTo: BodyLimit.pictures, within: desk.budget)
            let upscalers = await desk.queue.modelSummaries().filter { $0.kind == .enlarge }
            let job = try await naming(["upscaler": "upscaler_1"]) {
                try await desk.draw(
                    try enlargement(object, known: upscalers.map(\.name)), for: request, context)
            }
            let bytes = try desk.picture(job.id, 0)
            return .closing([
                "html_info": "", "image": .string(Data(bytes).base64EncodedString()),
            ])
        }
        post("/sdapi/v1/png-info") { request, _ in
            var request = request
            let object = try await request.jsonObject(
                upTo: BodyLimit.pictures, within: desk.budget)
            // What was enlarged is told of as well.
            let pixels = 16 * desk.queue.configuration.enlargedPixels
            return .json(try pictureInformation(object, maximumPixels: pixels))
        }
    }

    private func addWebUIState(_ desk: Desk) {
        get("/sdapi/v1/progress") { request, _ in
            let isShort = try request.uri.queryParameters.read(
                "skip_current_image", "true or false"
            ) { Bool($0.lowercased()) }
            return .json(webUIProgress(desk.queue, showsPicture: isShort != true))
        }
        for path in ["/sdapi/v1/interrupt", "/sdapi/v1/skip"] {
            post(path) { _, context in
                if let id = desk.queue.statistics.running {
                    _ = try await desk.cancel(id, context)
                }
                return .json([:])
            }
        }
    }
}

/// What clients have set for all their later requests.
final class WebUISettings: Sendable {
    private let chosen = Mutex<String?>(nil)

    /// The model of requests that name none; nil for the daemon's.
    var model: String? {
        get { chosen.withLock { $0 } }
        set { chosen.withLock { $0 = newValue } }
    }
}

extension Response {
    /// A JSON answer after which the connection ends: it was watched, and is at no certain place.
    static func closing(_ value: JSONValue) -> Response {
        var response = json(value)
        response.headers[.connection] = "close"
        return response
    }
}

/// A picture in base64, with or without `data:image/png;base64,` before it.
func webUIPicture(
    _ object: JSONObject, _ key: String = "image"
) throws(RequestProblem) -> [UInt8] {
    let expected = "a \(readablePictures) file in base64"
    let bytes = try FieldReader(object: object).read(key, expected) { value in
        value.string.flatMap { text -> [UInt8]? in
            let start = text.hasPrefix("data:") ? text.utf8.firstIndex(of: UInt8(ascii: ",")) : nil
            let digits = start.map { text[text.utf8.index(after: $0)...] } ?? text[...]
            return Data(base64Encoded: String(digits)).map(Array.init)
        }
    }
    guard let bytes, !bytes.isEmpty else {
        throw RequestProblem(field: key, expected: expected, found: "none")
    }
    return bytes
}

/// The request in `extra-single-image`. The factor is the upscaler's own.
private func enlargement(
    _ object: JSONObject, known: [String]
) throws(RequestProblem) -> JobRequest {
    var request = JobRequest(task: .enlarge)
    request.image = try webUIPicture(object)
    let name = try FieldReader(object: object).text("upscaler_1")
    // Clients that name none still ask for a larger picture.
    request.upscaler = name.flatMap { $0 == "None" || $0.isEmpty ? nil : $0 }
    return request
}

private func pictureInformation(_ object: JSONObject, maximumPixels: Int) throws -> JSONValue {
    let bytes = try webUIPicture(object)
    let decoded: DecodedPicture
    do {
        decoded = try decodePicture(bytes, maximumPixels: maximumPixels)
    } catch {
        throw RequestProblem(
            field: "image", expected: "a \(readablePictures) file", found: "\(error)")
    }
    let text = decoded.text("parameters") ?? ""
    let items = JSONObject(decoded.texts.map { ($0.key, JSONValue.string($0.value)) })
    return ["info": .string(text), "items": .object(items), "parameters": webUISettings(in: text)]
}

/// The settings of a `parameters` text by their names.
private func webUISettings(in text: String) -> JSONValue {
    let parameters = GenerationParameters(parsing: text)
    var object: JSONObject = [
        "Prompt": .string(parameters.prompt),
        "Negative prompt": .string(parameters.negativePrompt),
    ]
    for setting in parameters.settings { object[setting.key] = .string(setting.value) }
    return .object(object)
}

private func webUIProgress(_ queue: JobQueue, showsPicture: Bool) -> JSONValue {
    let statistics = queue.statistics
    let job = statistics.running.flatMap { queue.job($0) }
    let progress = job?.progress
    let preview = showsPicture ? job?.preview : nil
    let isDenoising = progress?.stage == "denoise"
    return [
        "progress": .number(progress?.share ?? 0),
        "eta_relative": .number(progress?.secondsLeft ?? 0),
        "state": [
            "skipped": false, "interrupted": false, "stopping_generation": false,
            "job": .string(job?.id ?? ""),
            "job_count": .integer(
                Int64((statistics.counts[.queued] ?? 0) + (job == nil ? 0 : 1))),
            "job_timestamp": "0", "job_no": .integer(Int64(progress?.picture ?? 0)),
            "sampling_step": .integer(Int64(isDenoising ? progress?.step ?? 0 : 0)),
            "sampling_steps": .integer(Int64(isDenoising ? progress?.steps ?? 0 : 0)),
        ],
        "current_image": preview.map { .string(Data($0.png).base64EncodedString()) } ?? .null,
        "textinfo": .null,
    ]
}

extension JobProgress {
    /// How much of the job is done, 0 to 1, by its steps alone.
    fileprivate var share: Double {
        guard steps > 0, pictures > 0 else { return 0 }
        let stageShare = Double(step) / Double(steps)
        let withinPicture =
            switch stage {
            case "denoise": 0.9 * stageShare
            case "decode": 0.9 + 0.05 * stageShare
            case "upscale": 0.95 + 0.05 * stageShare
            default: 0.0
            }
        return (Double(picture) + withinPicture) / Double(pictures)
    }
}

import FoundationEssentials
import Jobs
import Pictures
import WeightStore

/// A request for pictures in AUTOMATIC1111's words.
struct WebUIOrder {
    /// The same in ours.
    let request: JobRequest
    private let object: JSONObject
    private let wantsPictures: Bool

    /// - Parameters:
    ///   - defaultModel: what was set for requests that name no model.
    ///   - masks: for `img2img`, which begins with the first of `init_images` and may have a mask;
    ///     upstream's own strength is 0.75.
    init(
        _ object: JSONObject, defaultModel: String?, masks: ForeignMask? = nil
    ) throws(RequestProblem) {
        let fields = FieldReader(object: object)
        var job = JSONObject()
        for key in ["prompt", "negative_prompt", "seed", "steps", "width", "height"] {
            job[key] = object[key]
        }
        job["guidance"] = object["cfg_scale"]
        let size = try fields.integer("batch_size", in: 1...1000) ?? 1
        let batches = try fields.integer("n_iter", in: 1...1000) ?? 1
        job["count"] = .integer(Int64(size * batches))
        job["sampler"] = try Self.sampler(fields).map { .string($0) }
        let overrides = try fields.nested("override_settings")
        let model = try FieldReader(object: overrides ?? [:]).text("sd_model_checkpoint")
        job["model"] = (model.map(Self.modelName) ?? defaultModel).map { .string($0) }
        if try fields.flag("enable_hr") ?? false { job["upscale"] = true }
        wantsPictures = try fields.flag("send_images") ?? true
        // Clients send a picture's megabytes and do not want them back.
        self.object = object.without("init_images").without("mask")
        var request = try JobRequest(json: .object(job))
        if let masks {
            request.image = try Self.initialImage(object)
            request.mask = try Self.mask(fields, masks)
            request.strength = try fields.strength("denoising_strength") ?? 0.75
        }
        self.request = request
    }

    /// Nil where there is none. Its edge is not blurred, whatever `mask_blur` says.
    private static func mask(
        _ fields: FieldReader, _ masks: ForeignMask
    ) throws(RequestProblem) -> [UInt8]? {
        let isInverted = try fields.integer("inpainting_mask_invert", in: 0...1) == 1
        guard let value = fields.object["mask"], value != .null else { return nil }
        let bytes = try webUIPicture(fields.object, "mask")
        return isInverted ? try masks.inverted(bytes, field: "mask") : bytes
    }

    private static func initialImage(_ object: JSONObject) throws(RequestProblem) -> [UInt8] {
        let images = try FieldReader(object: object).read("init_images", "a list of one picture") {
            $0.array
        }
        guard let images, images.count == 1 else {
            throw RequestProblem(
                field: "init_images", expected: "a list of one picture",
                found: "\(images?.count ?? 0)")
        }
        return try webUIPicture(["init_images": images[0]], "init_images")
    }

    /// Our sampler by the name that web UIs show; its scheduler may be a word of its own.
    private static func sampler(_ fields: FieldReader) throws(RequestProblem) -> String? {
        let index = try fields.text("sampler_index")
        let name = try fields.text("sampler_name") ?? index
        guard let name, !name.isEmpty else { return nil }
        let scheduler = try fields.text("scheduler") ?? ""
        let wanted = [name + (scheduler.lowercased() == "karras" ? " Karras" : ""), name]
        for wanted in wanted {
            let known = JobQueue.samplers.first {
                $0.displayName.lowercased() == wanted.lowercased() || $0.name == wanted
            }
            if let known { return known.name }
        }
        throw RequestProblem(
            field: "sampler_name",
            expected: "one of " + JobQueue.samplers.map(\.displayName).joined(separator: ", "),
            found: "\"\(name.prefix(40))\"")
    }

    /// `emoji-zh [0123456789]` is the title of `emoji-zh`.
    static func modelName(_ title: String) -> String {
        guard title.hasSuffix("]"), let bracket = title.lastIndex(of: "[") else { return title }
        return String(title[..<bracket].reversed().drop { $0 == " " }.reversed())
    }

    func answer(_ job: Job, _ desk: Desk) throws -> JSONValue {
        let files = try job.images.indices.map { try desk.picture(job.id, $0) }
        let texts = files.map { (try? decodePNG($0))?.text("parameters") ?? "" }
        let pictures = files.map { JSONValue.string(Data($0).base64EncodedString()) }
        return [
            "images": .array(wantsPictures ? pictures : []), "parameters": .object(object),
            "info": .string(information(job, texts: texts).text),
        ]
    }

    /// - Source: stable-diffusion-webui, `modules/processing.py`, `Processed.js`.
    private func information(_ job: Job, texts: [String]) -> JSONValue {
        let request = job.request
        let count = job.images.count
        func repeated(_ value: JSONValue) -> JSONValue {
            .array([JSONValue](repeating: value, count: count))
        }
        let seeds = job.images.map { JSONValue.integer(Int64(clamping: $0.seed ?? 0)) }
        let sampler = JobQueue.samplers.first { $0.name == request.sampler }
        return [
            "prompt": .string(request.prompt), "all_prompts": repeated(.string(request.prompt)),
            "negative_prompt": .string(request.negativePrompt),
            "all_negative_prompts": repeated(.string(request.negativePrompt)),
            "seed": seeds.first ?? .null, "all_seeds": .array(seeds),
            "width": .integer(Int64(request.width ?? 0)),
            "height": .integer(Int64(request.height ?? 0)),
            "sampler_name": .string(sampler?.displayName ?? ""),
            "cfg_scale": .number(request.guidance ?? 0),
            "steps": .integer(Int64(request.steps ?? 0)), "batch_size": .integer(Int64(count)),
            "sd_model_name": .string(request.model ?? ""),
            "infotexts": .array(texts.map { .string($0) }), "index_of_first_image": 0,
        ]
    }
}

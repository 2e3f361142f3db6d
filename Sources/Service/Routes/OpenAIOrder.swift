import FoundationEssentials
import Hummingbird
import Jobs
import WeightStore

/// A request for pictures in OpenAI's words.
struct OpenAIOrder {
    /// The same in ours.
    let request: JobRequest
    /// Whether the answer holds addresses instead of pictures.
    let wantsAddresses: Bool

    /// Fields that go to the job as they are.
    private static let shared: Set<String> = [
        "prompt", "negative_prompt", "model", "steps", "guidance", "sampler", "seed", "upscale",
        "upscaler",
    ]
    private static let others: Set<String> = ["n", "size", "stream", "user", "safety_identifier"]
    /// Fields that choose between what this daemon does and what it cannot.
    private static let choices = [
        "background": ["auto", "opaque"], "output_format": ["png"],
        "response_format": ["url", "b64_json"], "moderation": ["auto", "low"],
        "style": ["vivid", "natural"],
        "quality": ["auto", "standard", "hd", "low", "medium", "high", "xhigh", "max"],
        "input_fidelity": ["low", "high"],
    ]

    /// - Parameter picture: what is to be changed, where something is. Under a mask all changes unless
    ///   the request says how much.
    init(
        _ object: JSONObject, editing picture: OpenAIForm.Picture? = nil
    ) throws(RequestProblem) {
        let fields = FieldReader(object: object)
        var job = JSONObject()
        for (key, value) in object {
            if Self.shared.contains(key) {
                job[key] = value
            } else if let choices = Self.choices[key] {
                _ = try fields.choice(key, choices)
            } else if !Self.others.contains(key) && !(picture != nil && key == "strength") {
                throw RequestProblem(
                    field: key, expected: "a field of this daemon's", found: "an unknown one")
            }
        }
        _ = try fields.text("user")
        _ = try fields.text("safety_identifier")
        _ = try fields.read("stream", "false: pictures come as a whole") {
            $0 == .bool(false) ? true : nil
        }
        job["count"] = try fields.integer("n", in: 1...10).map { .integer(Int64($0)) }
        if let size = try fields.read("size", "\"auto\" or \"WIDTHxHEIGHT\"", Self.size),
            let (width, height) = size
        {
            job["width"] = .integer(width)
            job["height"] = .integer(height)
        }
        var request = try JobRequest(json: .object(job))
        if let picture {
            (request.image, request.mask) = (picture.image, picture.mask)
            request.strength = try fields.strength("strength") ?? (picture.mask == nil ? nil : 1)
        }
        self.request = request
        wantsAddresses = object["response_format"]?.string == "url"
    }

    /// Nil for what is no size, nil within for `auto`.
    private static func size(_ value: JSONValue) -> (Int64, Int64)?? {
        guard let text = value.string else { return nil }
        if text == "auto" { return .some(nil) }
        let sides = text.split(separator: "x", omittingEmptySubsequences: false)
        guard sides.count == 2, let width = Int64(sides[0]), let height = Int64(sides[1]) else {
            return nil
        }
        return .some((width, height))
    }

    func answer(_ job: Job, _ desk: Desk, _ http: Request) throws -> JSONValue {
        let origin = "http://\(http.head.authority ?? "localhost")"
        let pictures = try job.images.indices.map { index -> JSONValue in
            if wantsAddresses {
                return ["url": .string("\(origin)/v1/jobs/\(job.id)/images/\(index)")]
            }
            let bytes = try desk.picture(job.id, index)
            return ["b64_json": .string(Data(bytes).base64EncodedString())]
        }
        return ["created": .integer(job.created), "data": .array(pictures)]
    }
}

import FoundationEssentials
import Jobs
import WeightStore

/// The form of `/v1/images/edits`: what `/v1/images/generations` takes as JSON, and pictures.
struct OpenAIForm {
    /// A picture to change.
    struct Picture {
        var image: [UInt8]
        /// White where it is painted anew; nil for all of it.
        var mask: [UInt8]?
    }

    /// All but the pictures, each value of the kind that its field has.
    let object: JSONObject
    private let image: [UInt8]
    private let mask: [UInt8]?

    private static let numbers: Set<String> = ["n", "steps", "guidance", "seed", "strength"]
    private static let flags: Set<String> = ["stream", "upscale"]

    init(_ form: MultipartForm) throws(RequestProblem) {
        var object = JSONObject()
        var images: [[UInt8]] = []
        var mask: [UInt8]?
        for part in form.parts {
            switch part.name {
            case "image", "image[]": images.append(Array(part.content))
            case "mask" where mask == nil: mask = Array(part.content)
            case "mask":
                throw RequestProblem(field: "mask", expected: "one mask", found: "more")
            default: object[part.name] = try Self.value(part)
            }
        }
        guard images.count == 1 else {
            throw RequestProblem(
                field: "image", expected: "one picture to change", found: "\(images.count)")
        }
        image = images[0]
        self.object = object
        self.mask = mask
    }

    /// The picture and its mask: without one the picture's own transparency, if it has any.
    func picture(masks: ForeignMask) throws(RequestProblem) -> Picture {
        guard let mask else {
            return Picture(
                image: image, mask: try masks.fromTransparency(of: image, field: "image"))
        }
        guard let converted = try masks.fromTransparency(of: mask, field: "mask") else {
            throw RequestProblem(
                field: "mask", expected: "a PNG that is transparent where the picture is to change",
                found: "one that is so nowhere")
        }
        return Picture(image: image, mask: converted)
    }

    private static func value(_ part: MultipartForm.Part) throws(RequestProblem) -> JSONValue {
        guard let text = String(validating: part.content, as: UTF8.self) else {
            throw RequestProblem(field: part.name, expected: "UTF-8 text", found: "other bytes")
        }
        if numbers.contains(part.name) {
            if let integer = Int64(text) { return .integer(integer) }
            if let number = Double(text), number.isFinite { return .number(number) }
        }
        if flags.contains(part.name), let flag = Bool(text) { return .bool(flag) }
        return .string(text)
    }
}

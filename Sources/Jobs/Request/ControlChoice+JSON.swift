internal import FoundationEssentials
package import Pipeline
package import WeightStore

extension JobRequest.ControlChoice {
    /// `{"name": …, "image": …, "scale": …, "canny": [low, high]}`; nil for what is none.
    init?(json: JSONValue) {
        guard let object = json.object,
            object.keys.allSatisfy({ ["name", "image", "scale", "canny"].contains($0) }),
            let name = object["name"]?.string, let image = object["image"].flatMap(decodedFile),
            let scale = (object["scale"] ?? 1).double, ControlPicture.allowedScales.contains(scale)
        else { return nil }
        var canny: OutlineThresholds?
        if let value = object["canny"], value != .null {
            guard let thresholds = OutlineThresholds(json: value) else { return nil }
            canny = thresholds
        }
        self.init(name: name, image: image, scale: scale, canny: canny)
    }

    /// Of the picture it says only that there is one.
    var json: JSONValue {
        var object: JSONObject = ["name": .string(name), "image": true, "scale": .number(scale)]
        object["canny"] = canny?.json
        return .object(object)
    }
}

extension OutlineThresholds {
    /// `[low, high]`; nil for what is none.
    init?(json: JSONValue) {
        let numbers = (json.array ?? []).compactMap(\.int)
        guard numbers.count == 2, json.array?.count == 2 else { return nil }
        self.init(low: numbers[0], high: numbers[1])
    }

    package var json: JSONValue { .array([.integer(Int64(low)), .integer(Int64(high))]) }
}

/// A file's bytes out of base64; nil for what is none.
func decodedFile(_ value: JSONValue) -> [UInt8]? {
    value.string.flatMap { Data(base64Encoded: $0) }.map(Array.init)
}

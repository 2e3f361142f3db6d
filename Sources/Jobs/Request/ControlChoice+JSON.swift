internal import FoundationEssentials
internal import Pipeline
internal import WeightStore

extension JobRequest.ControlChoice {
    /// `{"name": …, "image": …, "scale": …, "canny": [low, high]}`; nil for what is none.
    init?(json: JSONValue) {
        guard let object = json.object,
            object.keys.allSatisfy({ ["name", "image", "scale", "canny"].contains($0) }),
            let name = object["name"]?.string, let image = object["image"].flatMap(decodedFile),
            let scale = (object["scale"] ?? 1).double, ControlPicture.allowedScales.contains(scale)
        else { return nil }
        var canny: Thresholds?
        if let value = object["canny"], value != .null {
            let numbers = (value.array ?? []).compactMap(\.int)
            guard numbers.count == 2, value.array?.count == 2, 0 <= numbers[0],
                numbers[0] <= numbers[1], numbers[1] <= Self.highestThreshold
            else { return nil }
            canny = Thresholds(low: numbers[0], high: numbers[1])
        }
        self.init(name: name, image: image, scale: scale, canny: canny)
    }

    /// Of the picture it says only that there is one.
    var json: JSONValue {
        var object: JSONObject = ["name": .string(name), "image": true, "scale": .number(scale)]
        object["canny"] = canny.map {
            .array([.integer(Int64($0.low)), .integer(Int64($0.high))])
        }
        return .object(object)
    }

    private static let highestThreshold = 10_000
}

/// A file's bytes out of base64; nil for what is none.
func decodedFile(_ value: JSONValue) -> [UInt8]? {
    value.string.flatMap { Data(base64Encoded: $0) }.map(Array.init)
}

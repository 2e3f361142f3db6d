internal import WeightStore

/// The pictures that come with a request, by their names in the job's folder.
enum JobInput: String, CaseIterable, Sendable {
    /// What is enlarged, or what drawing begins with.
    case image = "input.png"
    /// Where the picture to begin with is painted anew.
    case mask = "mask.png"
    /// How near everything is.
    case depthMap = "depth.png"
    /// What ControlNets follow.
    case control1 = "control-1.png"
    case control2 = "control-2.png"
    case control3 = "control-3.png"
    case control4 = "control-4.png"

    /// Those for ControlNets, in the order of the request's list.
    static let controls: [JobInput] = [.control1, .control2, .control3, .control4]

    /// Its place in the request's list of controls; nil for a picture that is in none.
    private var control: Int? { Self.controls.firstIndex(of: self) }

    /// The request's JSON key, for messages.
    var key: String {
        switch self {
        case .image: "image"
        case .mask: "mask"
        case .depthMap: "depth_map"
        case .control1, .control2, .control3, .control4: "controls"
        }
    }

    fileprivate var field: WritableKeyPath<JobRequest, [UInt8]?> {
        switch self {
        case .image: \.image
        case .mask: \.mask
        case .depthMap: \.depthMap
        case .control1, .control2, .control3, .control4: \.[control: control ?? 0]
        }
    }

    /// Replaces the picture's value in a request's JSON object, if it has one and `change` gives one.
    func replace(
        in object: inout JSONObject, _ change: (JSONValue) throws -> JSONValue?
    ) rethrows {
        guard let control else {
            if let new = try object[key].flatMap(change) { object[key] = new }
            return
        }
        guard var list = object[key]?.array, control < list.count,
            var item = list[control].object, let new = try item["image"].flatMap(change)
        else { return }
        item["image"] = new
        list[control] = .object(item)
        object[key] = .array(list)
    }
}

extension JobRequest {
    /// The files that came with it.
    var inputs: [(name: JobInput, bytes: [UInt8])] {
        JobInput.allCases.compactMap { name in self[keyPath: name.field].map { (name, $0) } }
    }

    /// Replaces each picture that came with it.
    mutating func replaceInputs(with bytes: (JobInput) throws -> [UInt8]) rethrows {
        for (name, _) in inputs { self[keyPath: name.field] = try bytes(name) }
    }

    fileprivate subscript(control index: Int) -> [UInt8]? {
        get { index < controls.count ? controls[index].image : nil }
        set { if let newValue, index < controls.count { controls[index].image = newValue } }
    }
}

/// The pictures that come with a request, by their names in the job's folder.
enum JobInput: String, CaseIterable, Sendable {
    /// What is enlarged, or what drawing begins with.
    case image = "input.png"
    /// Where the picture to begin with is painted anew.
    case mask = "mask.png"
    /// How near everything is.
    case depthMap = "depth.png"

    /// The request's JSON key.
    var key: String {
        switch self {
        case .image: "image"
        case .mask: "mask"
        case .depthMap: "depth_map"
        }
    }

    fileprivate var field: WritableKeyPath<JobRequest, [UInt8]?> {
        switch self {
        case .image: \.image
        case .mask: \.mask
        case .depthMap: \.depthMap
        }
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
}

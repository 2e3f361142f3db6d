package import WeightStore

/// The states of a job.
package enum JobState: String, Sendable, CaseIterable {
    case queued, running, done, failed, cancelled

    /// Whether nothing more will happen to it.
    package var isFinal: Bool { self != .queued && self != .running }
}

/// Who gave a job over the Unix socket.
package struct JobOwner: Sendable, Equatable {
    package var uid: UInt32
    package var gid: UInt32
    package var pid: Int32

    package init(uid: UInt32, gid: UInt32, pid: Int32) {
        self.uid = uid
        self.gid = gid
        self.pid = pid
    }
}

/// A finished picture.
package struct JobImage: Sendable, Equatable {
    package var width: Int
    package var height: Int
    package var byteCount: Int
    /// The seed that draws it again; nil for an enlarged picture.
    package var seed: UInt64?
    /// Of the PNG file, 64 hexadecimal digits.
    package var sha256: String
}

/// Where a running job stands.
package struct JobProgress: Sendable, Equatable {
    /// text, denoise, decode or upscale.
    package var stage: String
    /// Steps of the stage that are done, and all of them.
    package var step: Int
    package var steps: Int
    /// The picture from 0, and all of them.
    package var picture: Int
    package var pictures: Int
    /// An estimate for the whole job.
    package var secondsLeft: Double?
}

/// What a picture looks like so far.
package struct JobPreview: Sendable, Equatable {
    /// Rises with each preview of a job.
    package var number: Int
    package var png: [UInt8]
}

/// A job as it stands at one moment.
package struct Job: Sendable, Equatable {
    /// A number that rises with each accepted job and eight random digits: `00000012-5f3a9c2e`.
    package var id: String
    /// With everything filled in that the model decides, seed included.
    package var request: JobRequest
    package var state = JobState.queued
    /// Nil for a job that came over TCP.
    package var owner: JobOwner?
    /// Seconds since 1970.
    package var created: Int64
    package var started: Int64?
    package var finished: Int64?
    /// Jobs ahead of it, the running one included; nil unless it is queued.
    package var position: Int?
    package var progress: JobProgress?
    /// Those that are done, in order.
    package var images: [JobImage] = []
    /// Why it failed.
    package var error: String?
    /// Only while it runs and somebody watches.
    package var preview: JobPreview?
}

extension Job {
    /// The job as `GET /v1/jobs/ID` shows it.
    package var json: JSONValue {
        func time(_ seconds: Int64?) -> JSONValue {
            seconds.map { .string(timestamp($0)) } ?? .null
        }
        return [
            "id": .string(id), "state": .string(state.rawValue), "created": time(created),
            "started": time(started), "finished": time(finished),
            "position": position.map { .integer(Int64($0)) } ?? .null,
            "request": request.json, "progress": progress?.json ?? .null,
            "images": .array(images.enumerated().map { $1.json(url: imageURL($0)) }),
            "error": error.map { .string($0) } ?? .null, "owner": owner?.json ?? .null,
        ]
    }

    private func imageURL(_ index: Int) -> String { "/v1/jobs/\(id)/images/\(index)" }
}

extension JobProgress {
    fileprivate var json: JSONValue {
        [
            "stage": .string(stage), "step": .integer(Int64(step)), "steps": .integer(Int64(steps)),
            "picture": .integer(Int64(picture)), "pictures": .integer(Int64(pictures)),
            "seconds_left": secondsLeft.map { .number(($0 * 10).rounded() / 10) } ?? .null,
        ]
    }
}

extension JobImage {
    /// - Parameter url: where the picture is to be had; nil leaves it out.
    func json(url: String?) -> JSONValue {
        var object: JSONObject = [
            "width": .integer(Int64(width)), "height": .integer(Int64(height)),
            "bytes": .integer(Int64(byteCount)),
            "seed": seed.map { .integer(Int64(clamping: $0)) } ?? .null,
            "sha256": .string(sha256),
        ]
        if let url { object["url"] = .string(url) }
        return .object(object)
    }

    init?(json: JSONValue) {
        guard let width = json["width"]?.int, let height = json["height"]?.int,
            let byteCount = json["bytes"]?.int, let sha256 = json["sha256"]?.string
        else { return nil }
        self.init(
            width: width, height: height, byteCount: byteCount,
            seed: json["seed"]?.int.flatMap { UInt64(exactly: $0) }, sha256: sha256)
    }
}

extension JobOwner {
    var json: JSONValue {
        ["uid": .integer(Int64(uid)), "gid": .integer(Int64(gid)), "pid": .integer(Int64(pid))]
    }

    init?(json: JSONValue) {
        guard let uid = json["uid"]?.int.flatMap({ UInt32(exactly: $0) }),
            let gid = json["gid"]?.int.flatMap({ UInt32(exactly: $0) }),
            let pid = json["pid"]?.int.flatMap({ Int32(exactly: $0) })
        else { return nil }
        self.init(uid: uid, gid: gid, pid: pid)
    }
}

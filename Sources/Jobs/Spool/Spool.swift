internal import WeightStore

/// The jobs on disk, in a folder that a person can read:
///
///     SPOOL/lock                                 held by the daemon
///     SPOOL/queue/ID/request.json                what was accepted
///     SPOOL/queue/ID/input.png                   the picture that came with it
///     SPOOL/queue/ID/mask.png                    where that is painted anew
///     SPOOL/queue/ID/depth.png                   how near everything is
///     SPOOL/queue/ID/state.json                  what became of it; missing at first
///     SPOOL/queue/ID/checkpoint.safetensors      the walk to the picture being drawn
///     SPOOL/queue/ID/image-0.png …               the pictures
///     SPOOL/queue/ID/strip-0.png …               the top of the picture being enlarged
///     SPOOL/queue/ID/crashed                     empty: the daemon crashed while it drew this job
///     SPOOL/damaged/ID                           jobs whose request cannot be read any more
///
/// Every file is written beside its place and renamed, so that each is whole whenever the power fails.
final class Spool: Sendable {
    let folder: String
    private let queue: String
    // Held as long as the spool is in use.
    private let lock: FileLock

    /// Opens a spool, making its folders; throws where another process works in it.
    init(_ folder: String) throws {
        try makePrivateFolders(folder)
        queue = "\(folder)/queue"
        try makePrivateFolders(queue)
        guard let lock = try FileLock("\(folder)/lock") else {
            throw SpoolError.inUse(folder)
        }
        self.lock = lock
        self.folder = folder
    }

    /// Puts a new job on the disk, all of it or nothing.
    func accept(_ record: JobRecord) throws(WeightError) {
        let files =
            [("request.json", record.requestJSON.serialized(pretty: true))]
            + record.job.request.inputs.map { ($0.name.rawValue, $0.bytes) }
        try makeFolderDurably(
            jobFolder(record.job.id), hidden: ".new-\(record.job.id)", files: files)
    }

    /// Writes a job's state.
    func save(_ record: JobRecord) throws(WeightError) {
        try write(record.stateJSON.serialized(pretty: true), as: "state.json", of: record.job.id)
    }

    /// Writes a finished picture.
    func save(_ png: [UInt8], image index: Int, of id: String) throws(WeightError) {
        try write(png, as: "image-\(index).png", of: id)
    }

    func imageFile(_ id: String, _ index: Int) -> String {
        "\(jobFolder(id))/image-\(index).png"
    }

    /// A picture that came with the request.
    func inputFile(_ id: String, _ input: JobInput) -> String {
        "\(jobFolder(id))/\(input.rawValue)"
    }

    func checkpointFile(_ id: String) -> String { "\(jobFolder(id))/checkpoint.safetensors" }

    func stripFile(_ id: String, _ index: Int) -> String { "\(jobFolder(id))/strip-\(index).png" }

    /// Removes the strips of a picture that is finished, or that are of no use.
    func clearStrips(of id: String) {
        for name in namesInFolder(jobFolder(id)) where name.hasPrefix("strip-") {
            removeFile("\(jobFolder(id))/\(name)")
        }
    }

    func crashFile(_ id: String) -> String { "\(jobFolder(id))/crashed" }

    /// Whether the process that last drew the job crashed; it is asked once.
    func takeCrash(of id: String) -> Bool {
        let file = crashFile(id)
        defer { removeFile(file) }
        return isRegularFile(file)
    }

    /// Removes what only an unfinished job needs.
    func clearWork(of id: String) {
        let results = ["request.json", "state.json"] + JobInput.allCases.map(\.rawValue)
        for name in namesInFolder(jobFolder(id))
        where !results.contains(name) && !name.hasPrefix("image-") {
            removeFile("\(jobFolder(id))/\(name)")
        }
    }

    /// Removes a job and all it has.
    func remove(_ id: String) {
        removeFolderAtOnce(jobFolder(id), hidden: ".removed-\(id)")
    }

    /// Bytes that a job takes up.
    func bytes(of id: String) -> Int { bytesInFolder(jobFolder(id)) }

    private func write(_ bytes: [UInt8], as name: String, of id: String) throws(WeightError) {
        try AtomicFile.writeAtomically(bytes, to: "\(jobFolder(id))/\(name)")
    }

    private func jobFolder(_ id: String) -> String { "\(queue)/\(id)" }
}

extension Spool {
    /// All jobs, in the order in which they were accepted. What a process left half done is removed;
    /// what cannot be read is set aside.
    /// - Parameter log: is told what was set aside.
    func load(log: (String) -> Void) -> [JobRecord] {
        namesInFolder(queue).compactMap { name in
            let path = "\(queue)/\(name)"
            // A job without its request was being removed.
            guard !name.hasPrefix("."), isRegularFile("\(path)/request.json") else {
                removeFolder(path)
                return nil
            }
            for file in namesInFolder(path) where file.hasPrefix(".") {
                removeFile("\(path)/\(file)")
            }
            if let record = read(name) {
                if record.job.state.isFinal { clearWork(of: name) }
                return record
            }
            setAside(name, log: log)
            return nil
        }
    }

    private func read(_ id: String) -> JobRecord? {
        guard let request = json("request.json", of: id) else { return nil }
        return JobRecord(id: id, request: request, state: json("state.json", of: id))
    }

    private func json(_ name: String, of id: String) -> JSONObject? {
        let path = "\(jobFolder(id))/\(name)"
        guard let bytes = try? readFile(path, limit: 1 << 20) else { return nil }
        return (try? JSONValue.parse(bytes, source: path))?.object
    }

    private func setAside(_ name: String, log: (String) -> Void) {
        let aside = "\(folder)/damaged"
        do {
            try makePrivateFolders(aside)
            try move("\(queue)/\(name)", to: "\(aside)/\(name)")
            log("\(queue)/\(name) cannot be read and was moved to \(aside)")
        } catch {
            log("\(queue)/\(name) cannot be read, nor set aside: \(error)")
        }
    }
}

/// Why a spool cannot be opened.
enum SpoolError: Error, CustomStringConvertible {
    case inUse(String)

    var description: String {
        switch self {
        case .inUse(let folder):
            "\(printable(folder)) is in use by another daemon; give this one a spool of its own"
        }
    }
}

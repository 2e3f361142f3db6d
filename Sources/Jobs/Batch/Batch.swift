internal import Pictures
package import Pipeline
internal import Tensors
internal import WeightStore

/// Draws requests from a file into a folder: a PNG each, and a manifest.
///
/// Begun again it goes on where it was. Pictures are written under hidden names, then the manifest says
/// that the line is done, then they get their names; so whenever the process ends, a finished line is
/// never drawn again, and an unfinished one leaves nothing that looks like a picture.
package final class Batch {
    /// A part of the lines, the same whoever draws it: part `index` of `count` parts.
    package struct Shard: Sendable, Equatable {
        package let index: Int
        package let count: Int

        /// - Parameters:
        ///   - index: from 0 to below `count`.
        package init?(index: Int, count: Int) {
            guard count >= 1, (0..<count).contains(index) else { return nil }
            self.index = index
            self.count = count
        }

        /// All lines.
        package static let whole = Shard(uncheckedIndex: 0, count: 1)

        private init(uncheckedIndex index: Int, count: Int) {
            self.index = index
            self.count = count
        }

        func contains(_ line: BatchLine) -> Bool { (line.number - 1) % count == index }

        /// Each shard has its own manifest, so that many can write into one folder.
        var manifestName: String {
            count == 1 ? "manifest.jsonl" : "manifest-\(index)-of-\(count).jsonl"
        }
    }

    /// What a line came to.
    package enum Outcome: Sendable {
        /// It was done by an earlier run.
        case there
        case drawn(files: [String])
        case failed(any Error)
    }

    /// Why a batch cannot begin.
    package struct InUse: Error, CustomStringConvertible {
        let folder: String
        package var description: String {
            "\(folder): another batch draws the same lines into this folder"
        }
    }

    private let painter: JobPainter
    private let output: String
    private let inputs: String
    private let shard: Shard
    private var manifest: BatchManifest
    // Held as long as the batch lives.
    private let lock: FileLock

    /// - Parameters:
    ///   - configuration: its spool and queue are not used.
    ///   - output: the folder of pictures; made where it is missing.
    ///   - inputs: the folder that requests' pictures are named from.
    package init(
        _ configuration: JobConfiguration, output: String, inputs: String, shard: Shard
    ) throws {
        try InstructionSet.selectFromEnvironment()
        try makeFolders(output)
        guard let lock = try FileLock("\(output)/.\(shard.manifestName).lock") else {
            throw InUse(folder: output)
        }
        self.lock = lock
        manifest = try BatchManifest(path: "\(output)/\(shard.manifestName)")
        painter = JobPainter(
            configuration, shelf: ModelShelf(configuration),
            on: Executor(threads: configuration.threads))
        self.output = output
        self.inputs = inputs
        self.shard = shard
    }

    /// Draws the shard's lines one after the other.
    /// - Parameters:
    ///   - progress: is told of the work on a line.
    ///   - each: is told what each line came to, and what warnings there were.
    /// - Returns: how many failed.
    package func run(
        _ lines: [BatchLine], progress: @escaping (BatchLine, Progress) throws -> Void,
        each: (BatchLine, Outcome, _ warnings: [String]) throws -> Void
    ) throws -> Int {
        var failed = 0
        for line in lines where shard.contains(line) {
            var warnings: [String] = []
            let outcome = try draw(line, warn: { warnings.append($0) }) { try progress(line, $0) }
            if case .failed = outcome { failed += 1 }
            try each(line, outcome, warnings)
        }
        return failed
    }

    /// Throws what ends the batch: the disk, not the request.
    private func draw(
        _ line: BatchLine, warn: @escaping (String) -> Void,
        progress: @escaping (Progress) throws -> Void
    ) throws -> Outcome {
        if try isThere(line) { return .there }
        let request: JobRequest
        var images: [(file: String, image: JobImage)] = []
        do {
            request = try painter.prepared(try line.request(folder: inputs))
            let count = request.count
            let inputs = request.inputs
            try painter.paint(
                request, from: TextToImage.Start(),
                input: { name in inputs.first { $0.name == name }?.bytes ?? [] },
                interruption: Interruption(),
                observer: JobPainter.Observer(
                    progress: progress, step: nil, strips: { _ in [] },
                    strip: { _ in false },
                    image: { png, picture, seed in
                        let file = line.fileName(picture: images.count, of: count)
                        try AtomicFile.writeAtomically(png, to: self.hidden(file))
                        images.append(
                            (
                                file,
                                JobImage(
                                    width: picture.width, height: picture.height,
                                    byteCount: png.count, seed: seed,
                                    sha256: SHA256.digest(of: png))
                            ))
                    }, warn: warn))
        } catch let error as WeightError where error.isOfDisk {
            throw error
        } catch {
            try manifest.add(line, error: "\(error)")
            return .failed(error)
        }
        try manifest.add(line, request, images: images)
        for (file, _) in images { try reveal(file) }
        return .drawn(files: images.map(\.file))
    }

    /// Whether a line was drawn and its pictures are there; gives them their names where only that was
    /// left to do.
    private func isThere(_ line: BatchLine) throws -> Bool {
        guard let done = manifest.done[line.number], done.digest == line.digest
        else { return false }
        for file in done.files where !isRegularFile("\(output)/\(file)") {
            guard isRegularFile(hidden(file)) else { return false }
            try reveal(file)
        }
        return true
    }

    private func hidden(_ file: String) -> String { "\(output)/.\(file)" }

    private func reveal(_ file: String) throws { try move(hidden(file), to: "\(output)/\(file)") }
}

extension WeightError {
    /// Whether the disk refused to be written: no other line would fare better.
    fileprivate var isOfDisk: Bool {
        guard case .system(_, let action, _) = self else { return false }
        return action == "write" || action == "create"
    }
}

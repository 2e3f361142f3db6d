internal import Synchronization

/// What has been found to fit into the memory: a rehearsal reads all of a model's layout, which takes far
/// longer than all else that a request needs before it is accepted.
final class RehearsedDrawings: Sendable {
    /// All that the memory of a drawing depends on.
    struct Outline: Hashable {
        let model: String
        let loras: [String]
        let controls: [String]
        let vae: String?
        let embeddings: [String]
        /// Of a prompt that may be longer than the model takes, else 0.
        let promptLength: Int
        let upscaler: String?
        let width: Int
        let height: Int
        let isGuided: Bool
        let beginsWithPicture: Bool
    }

    private let fitting = Mutex<Set<Outline>>([])
    private static let most = 256

    /// Rehearses a drawing unless one like it went well before.
    func require(_ outline: Outline, rehearsal: () throws -> Void) rethrows {
        guard !fitting.withLock({ $0.contains(outline) }) else { return }
        try rehearsal()
        fitting.withLock { fitting in
            if fitting.count >= Self.most { fitting = [] }
            fitting.insert(outline)
        }
    }

    /// Forgets everything: other files may stand under the models' names.
    func clear() { fitting.withLock { $0 = [] } }
}

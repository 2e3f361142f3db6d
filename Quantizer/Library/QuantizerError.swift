package import WeightStore

/// Everything that can go wrong between a checkpoint and a bundle, in words for a person.
package enum QuantizerError: Error, Equatable, CustomStringConvertible {
    /// A file could not be read or written.
    case file(WeightError)
    /// The bytes of a file contradict its format.
    case malformed(path: String, what: String)
    /// A pickle holds something other than plain data. `offset` counts from the pickle's first
    /// byte, in torch's old container from the file's.
    case pickle(path: String, offset: Int, what: String)
    /// The file or model is sound but of a kind that is not handled.
    case unsupported(path: String, what: String)
    /// A configuration key is missing or has a value that is not handled.
    case configuration(path: String, key: String, expected: String, found: String)
    /// The model needs a tensor that the checkpoint does not have.
    case missingTensor(path: String, name: String, shape: [Int])
    /// The checkpoint has a tensor that the model does not know.
    case unexpectedTensor(path: String, name: String, shape: [Int])
    /// A tensor has another shape than its model's configuration asks for.
    case wrongShape(path: String, name: String, expected: [Int], found: [Int])
    /// A weight is NaN or infinite.
    case notFinite(path: String, name: String, index: Int, value: String)
    /// A weight is too large for the type it is stored as.
    case outOfRange(path: String, name: String, index: Int, value: String, type: String)
    /// An option of the caller makes no sense.
    case option(String)
    /// The caller asked to stop.
    case interrupted

    /// One sentence: what, where, expected, found, and what to do where something can be done.
    package var description: String {
        switch self {
        case .file(let error):
            return error.description
        case .malformed(let path, let what):
            return "\(path): damaged or not what it seems: \(printable(what))"
        case .pickle(let path, let offset, let what):
            return "\(path): refused, its pickle at byte \(offset) \(printable(what))"
        case .unsupported(let path, let what):
            return "\(path): \(what)"
        case .configuration(let path, let key, let expected, let found):
            return "\(path): key \"\(key)\": expected \(expected), found \(found)"
        default:
            return tensorDescription
        }
    }

    private var tensorDescription: String {
        switch self {
        case .missingTensor(let path, let name, let shape):
            return "\(path): tensor \"\(printable(name))\" \(shapeText(shape)) is missing"
        case .unexpectedTensor(let path, let name, let shape):
            return
                "\(path): tensor \"\(printable(name))\" \(shapeText(shape)) has no place in this model"
        case .wrongShape(let path, let name, let expected, let found):
            return "\(path): tensor \"\(printable(name))\": expected shape \(shapeText(expected)), "
                + "found \(shapeText(found))"
        case .notFinite(let path, let name, let index, let value):
            return "\(path): tensor \"\(printable(name))\": element \(index) is \(value); "
                + "the checkpoint is broken (a diverged training or a bad conversion)"
        case .outOfRange(let path, let name, let index, let value, let type):
            return
                "\(path): tensor \"\(printable(name))\": element \(index) is \(value), too large for "
                + "\(type); keep it in f32 with --keep '*.\(name)=f32'"
        case .option(let what):
            return what
        case .interrupted:
            return "interrupted; nothing was written"
        default:
            return ""
        }
    }
}

/// Runs `body` and wraps its error.
func readingFile<Result>(
    _ body: () throws(WeightError) -> Result
) throws(QuantizerError) -> Result {
    do throws(WeightError) {
        return try body()
    } catch {
        throw .file(error)
    }
}

/// A shape as people write it: `[320, 320, 3, 3]`.
package func shapeText(_ shape: [Int]) -> String {
    "[" + shape.map(String.init).joined(separator: ", ") + "]"
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What can go wrong with a weight file, a bundle or a file on the way to one.
package enum WeightError: Error, Equatable, CustomStringConvertible {
    /// A system call failed; `action` completes "cannot …", `code` is `errno`.
    case system(path: String, action: String, code: Int32)
    /// The path names a folder, a pipe, a device …
    case notAFile(path: String, found: String)
    /// A file is longer than its reader accepts.
    case tooLong(path: String, limit: Int, found: Int)
    /// Text that is no JSON; `offset` counts bytes from its beginning.
    case json(source: String, offset: Int, problem: String)
    /// A safetensors file whose header lies or cannot be read.
    case header(path: String, problem: String)
    /// One tensor is not what it must be.
    case tensor(path: String, tensor: String, expected: String, found: String)
    /// A tensor that must be there is not.
    case missing(path: String, tensor: String)
    /// A folder that is not a bundle, or a bundle that breaks a promise of its format.
    case bundle(path: String, expected: String, found: String)
    /// The target of a write is a bundle, and overwriting was not asked for.
    case exists(path: String)
    /// The target of a write is something that is never replaced.
    case irreplaceable(path: String, found: String)
    /// The content of a file is not what its digest says.
    case damaged(path: String, expected: String, found: String)

    /// One sentence; text that came from a file is cut and its control characters are escaped.
    package var description: String {
        switch self {
        case .system(let path, let action, let code):
            "cannot \(action) \(printable(path)): \(reason(code))"
        case .notAFile(let path, let found):
            "\(printable(path)) is \(found), expected a regular file"
        case .tooLong(let path, let limit, let found):
            "\(printable(path)) is too long: \(found) bytes, at most \(limit) are read"
        case .json(let source, let offset, let problem):
            "\(printable(source)) is not valid JSON: \(printable(problem)) at byte \(offset)"
        case .header(let path, let problem):
            "\(printable(path)) is not a valid safetensors file: \(printable(problem))"
        case .tensor(let path, let tensor, let expected, let found):
            place(path) + "tensor \"\(printable(tensor))\": " + contrast(expected, found)
        case .missing(let path, let tensor):
            place(path) + "tensor \"\(printable(tensor))\" is missing"
        case .bundle(let path, let expected, let found):
            place(path) + contrast(expected, found)
        case .exists(let path):
            "the bundle \(printable(path)) exists already; choose another name or overwrite it"
        case .irreplaceable(let path, let found):
            "\(printable(path)) exists already and is \(found), not a bundle; choose another name"
        case .damaged(let path, let expected, let found):
            "\(printable(path)) is damaged: its SHA-256 is \(found), expected "
                + "\(printable(expected)); fetch or make it again"
        }
    }

    private func place(_ path: String) -> String {
        path.isEmpty ? "" : "\(printable(path)): "
    }

    private func contrast(_ expected: String, _ found: String) -> String {
        "expected \(printable(expected)), found \(printable(found))"
    }

    /// The system's words for `code`, and what to do where that is not plain.
    private func reason(_ code: Int32) -> String {
        let text = String(cString: strerror(code))
        switch code {
        case ENOSPC, EDQUOT: return "\(text) (free some space or choose another disk)"
        case EROFS: return "\(text) (choose another folder)"
        case EACCES, EPERM: return "\(text) (check the permissions of the file and its folder)"
        default: return text
        }
    }
}

/// `text` made safe to print: control characters escaped, cut after 400 characters.
package func printable(_ text: String) -> String {
    var result = ""
    for (index, scalar) in text.unicodeScalars.enumerated() {
        guard index < 400 else { return result + "…" }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator:
            result += "\\u{\(String(scalar.value, radix: 16))}"
        default:
            result.unicodeScalars.append(scalar)
        }
    }
    return result
}

/// A type and a shape for messages: `F32 [320, 4, 3, 3]`.
package func describe(_ type: DataType, _ shape: [Int]) -> String {
    "\(type.rawValue) \(shape)"
}

/// A pattern over names: `*` stands for any run of characters, `?` for one, all else for itself.
package struct Glob: Equatable, Sendable {
    /// The pattern as it was written.
    package let pattern: String
    private let scalars: [Unicode.Scalar]

    /// Any text is a pattern.
    package init(_ pattern: String) {
        self.pattern = pattern
        scalars = Array(pattern.unicodeScalars)
    }

    /// Whether the whole of `name` fits. Linear but for one retry point, so no pattern runs away.
    package func matches(_ name: String) -> Bool {
        let text = Array(name.unicodeScalars)
        var at = 0
        var position = 0
        var retry: (at: Int, position: Int)?
        while position < text.count {
            if at < scalars.count, scalars[at] == "*" {
                retry = (at + 1, position)
                at += 1
            } else if at < scalars.count, scalars[at] == "?" || scalars[at] == text[position] {
                at += 1
                position += 1
            } else if let (star, start) = retry {
                at = star
                position = start + 1
                retry = (star, position)
            } else {
                return false
            }
        }
        return scalars[at...].allSatisfy { $0 == "*" }
    }
}

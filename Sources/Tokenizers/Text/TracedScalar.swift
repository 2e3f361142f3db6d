/// A scalar on its way from a prompt to tokens, and where in the prompt it came from.
struct TracedScalar: Equatable {
    var scalar: Unicode.Scalar
    /// An index into the prompt's scalars.
    var source: Int32

    /// The same place with another scalar.
    func replaced(by scalar: Unicode.Scalar) -> TracedScalar {
        TracedScalar(scalar: scalar, source: source)
    }
}

/// The scalars of a text, each with its index.
func traced(_ text: String) -> [TracedScalar] {
    var result: [TracedScalar] = []
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
        result.append(TracedScalar(scalar: scalar, source: Int32(truncatingIfNeeded: result.count)))
    }
    return result
}

/// The text of some scalars.
func string(_ scalars: some Sequence<TracedScalar>) -> String {
    var text = ""
    for traced in scalars { text.unicodeScalars.append(traced.scalar) }
    return text
}

internal import WeightStore

/// A stretch of a prompt and how much it counts; 1 is as usual.
package struct WeightedText: Sendable, Equatable {
    package var text: String
    package var weight: Double
}

/// A prompt taken apart where it says what counts more and what less.
///
/// `(word:1.3)` counts 1.3, `(word)` 1.1, `[word]` 1 / 1.1 as much; brackets within brackets multiply. A
/// backslash before a bracket or a backslash means the character itself, and so does a bracket without
/// its other half. Full-width brackets are plain characters.
/// - Throws: `invalidRequest` for a weight outside of `allowedPromptWeights`.
/// - Source: the syntax of AUTOMATIC1111's web interface, where a bracket that is not closed counts too.
package func weightedTexts(_ prompt: String) throws(PipelineError) -> [WeightedText] {
    let scalars = Array(prompt.unicodeScalars)
    let brackets = matchingBrackets(scalars)
    var texts: [WeightedText] = []
    var factors: [Double] = [1]
    var index = 0
    func append(_ scalar: Unicode.Scalar) {
        let weight = factors[factors.count - 1]
        if texts.last?.weight == weight {
            texts[texts.count - 1].text.unicodeScalars.append(scalar)
        } else {
            texts.append(WeightedText(text: String(scalar), weight: weight))
        }
    }
    while index < scalars.count {
        if let opening = brackets[index] {
            switch opening {
            case .opens(let factor): factors.append(factors[factors.count - 1] * factor)
            case .closes: factors.removeLast()
            }
            index += opening.length
        } else {
            if isEscape(scalars, at: index) { index += 1 }
            append(scalars[index])
            index += 1
        }
    }
    guard let bad = texts.first(where: { !allowedPromptWeights.contains($0.weight) }) else {
        return texts
    }
    throw .invalidRequest(
        field: "prompt", expected: "weights in \(allowedPromptWeights)",
        found: "\(bad.weight) for \"\(printable(String(bad.text.prefix(40))))\"")
}

/// How much a stretch of a prompt may count.
package let allowedPromptWeights = -10.0...10.0

/// A bracket that has its other half.
private enum Bracket {
    case opens(factor: Double)
    /// The closing bracket and what stands before it: `:1.3)`.
    case closes(length: Int)

    /// Scalars that it takes.
    var length: Int {
        switch self {
        case .opens: 1
        case .closes(let length): length
        }
    }
}

/// The brackets that belong together, by their places.
private func matchingBrackets(_ scalars: [Unicode.Scalar]) -> [Int: Bracket] {
    var found: [Int: Bracket] = [:]
    // Round and square ones nest, so an inner one that is left open ends with the outer one.
    var open: [Int] = []
    func close(_ opening: Unicode.Scalar, factor: Double, at index: Int, length: Int) {
        guard let place = open.lastIndex(where: { scalars[$0] == opening }) else { return }
        found[open[place]] = .opens(factor: factor)
        found[index] = .closes(length: length)
        open.removeSubrange(place...)
    }
    var index = 0
    while index < scalars.count {
        if isEscape(scalars, at: index) {
            index += 2
            continue
        }
        switch scalars[index] {
        case "(", "[": open.append(index)
        case ")": close("(", factor: 1.1, at: index, length: 1)
        case "]": close("[", factor: 1 / 1.1, at: index, length: 1)
        case ":":
            guard let (weight, length) = weight(scalars, at: index),
                open.contains(where: { scalars[$0] == "(" })
            else { break }
            close("(", factor: weight, at: index, length: length)
            index += length - 1
        default: break
        }
        index += 1
    }
    return found
}

/// A backslash that takes the meaning of what follows it.
private func isEscape(_ scalars: [Unicode.Scalar], at index: Int) -> Bool {
    index + 1 < scalars.count && scalars[index] == "\\"
        && "()[]\\".unicodeScalars
            .contains(scalars[index + 1])
}

/// The number in `:1.3)`, and how many scalars that is.
private func weight(_ scalars: [Unicode.Scalar], at colon: Int) -> (Double, Int)? {
    let longest = 24
    guard
        let end = scalars[colon...].prefix(longest).firstIndex(of: ")"),
        end > colon + 1
    else { return nil }
    let text = String(String.UnicodeScalarView(scalars[colon + 1..<end]))
    let digits = text.drop { $0 == " " }
    let number = digits.prefix { !($0 == " ") }
    guard digits.dropFirst(number.count).allSatisfy({ $0 == " " }),
        number.allSatisfy({ "+-.0123456789".contains($0) }), let weight = Double(number)
    else { return nil }
    return (weight, end - colon + 1)
}

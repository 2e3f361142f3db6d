/// How a picture was made, as AUTOMATIC1111's web UI keeps it in a PNG under `parameters`:
///
///     a panda, blue background
///     Negative prompt: blurry
///     Steps: 25, Sampler: DDIM, CFG scale: 4, Seed: 1, Size: 128x128, Model: emoji-zh-128
///
/// The text reads back as it was written, but for what its form cannot say: a prompt's line that
/// begins with "Negative prompt:" counts as one, and NUL becomes U+FFFD.
/// - Source: AUTOMATIC1111 stable-diffusion-webui, `infotext_utils.py`; its reader takes this text.
package struct GenerationParameters: Sendable, Equatable {
    /// One entry of the last line.
    package struct Setting: Sendable, Equatable {
        /// Two or more letters, digits, blanks, `_`, `-`, `/`, the first a letter, digit or `_`.
        package var key: String
        /// Any text; quoted in the line where it must be.
        package var value: String

        /// A setting; the key must be as described.
        package init(_ key: String, _ value: String) {
            self.key = key
            self.value = value
        }
    }

    /// What the picture shows; any number of lines.
    package var prompt: String
    /// What it should not show; empty for none.
    package var negativePrompt: String
    /// The last line, in order. Readers know it by its having at least three entries.
    package var settings: [Setting]

    /// Parameters of these parts.
    package init(prompt: String, negativePrompt: String = "", settings: [Setting]) {
        self.prompt = prompt
        self.negativePrompt = negativePrompt
        self.settings = settings
    }

    /// The first setting of that name.
    package subscript(key: String) -> String? {
        settings.first { $0.key == key }?.value
    }
}

// MARK: - Known settings

extension GenerationParameters {
    /// The names that AUTOMATIC1111's readers know.
    package enum Key {
        /// Denoising steps, a whole number.
        package static let steps = "Steps"
        /// `DDIM`, `PLMS`, `Euler`, `Euler a`, `DPM++ 2M`.
        package static let sampler = "Sampler"
        /// `Karras` for its sigmas; absent for the sampler's own.
        package static let scheduleType = "Schedule type"
        /// Scale of classifier-free guidance.
        package static let guidance = "CFG scale"
        /// The noise's seed, a whole number.
        package static let seed = "Seed"
        /// Pixels as `64x48`, width first.
        package static let size = "Size"
        /// The first ten hexadecimal digits of the weights' SHA-256.
        package static let modelHash = "Model hash"
        /// The model's name.
        package static let model = "Model"
        /// The program's name and version.
        package static let version = "Version"
    }

    /// Denoising steps.
    package var steps: Int? { self[Key.steps].flatMap(Int.init) }
    /// The sampler's name.
    package var sampler: String? { self[Key.sampler] }
    /// Scale of classifier-free guidance.
    package var guidance: Double? { self[Key.guidance].flatMap(Double.init) }
    /// The noise's seed.
    package var seed: UInt64? { self[Key.seed].flatMap(UInt64.init) }
    /// Width and height in pixels.
    package var size: (width: Int, height: Int)? {
        guard let parts = self[Key.size]?.split(separator: "x", omittingEmptySubsequences: false),
            parts.count == 2, let width = Int(parts[0]), let height = Int(parts[1])
        else { return nil }
        return (width, height)
    }

    /// A number as the text has it: 4 rather than 4.0.
    package static func number(_ value: Double) -> String {
        Int64(exactly: value).map(String.init) ?? String(value)
    }
}

// MARK: - Text

extension GenerationParameters {
    /// The text for the `parameters` chunk.
    package var text: String {
        var parts = prompt.replacingNUL
        if !negativePrompt.isEmpty {
            parts += "\n\(negativeMark) \(negativePrompt.replacingNUL)"
        }
        return settings.isEmpty ? parts : parts + "\n" + SettingsLine.text(of: settings)
    }

    /// What a `parameters` text says. Any text can be read: without a last line of at least three
    /// settings all of it is prompt.
    package init(parsing text: String) {
        // Split as Unicode scalars: "\r\n" is one Character but ends a line here all the same.
        var lines = text.unicodeScalars.trimmingEnd.split(
            separator: "\n", omittingEmptySubsequences: false)
        let settings = lines.last.map { SettingsLine.settings(in: $0) } ?? []
        if settings.count >= 3 {
            lines.removeLast()
            self.settings = settings
        } else {
            self.settings = []
        }
        var prompts: [[Substring.UnicodeScalarView]] = [[], []]
        var side = 0
        for line in lines {
            if let rest = line.trimmingStart.after(negativeMark) {
                side = 1
                prompts[side].append(rest.first == " " ? rest.dropFirst() : rest)
            } else {
                prompts[side].append(line)
            }
        }
        self.prompt = prompts[0].joinedLines
        self.negativePrompt = prompts[1].joinedLines
    }
}

private let negativeMark = "Negative prompt:"

extension String {
    fileprivate var replacingNUL: String {
        guard utf8.contains(0) else { return self }
        return String(
            String.UnicodeScalarView(unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
    }
}

extension BidirectionalCollection where Element == Unicode.Scalar {
    fileprivate var trimmingStart: SubSequence {
        drop { $0.properties.isWhitespace }
    }

    fileprivate var trimmingEnd: SubSequence {
        guard let last = lastIndex(where: { !$0.properties.isWhitespace }) else {
            return self[startIndex..<startIndex]
        }
        return self[...last]
    }

    /// What follows `prefix`, nil without it.
    fileprivate func after(_ prefix: String) -> SubSequence? {
        starts(with: prefix.unicodeScalars) ? dropFirst(prefix.unicodeScalars.count) : nil
    }
}

extension Array where Element == Substring.UnicodeScalarView {
    fileprivate var joinedLines: String {
        map { Substring($0) }.joined(separator: "\n")
    }
}

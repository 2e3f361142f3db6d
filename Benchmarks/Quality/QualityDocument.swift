import Quantizer
import Tensors
import Terminal

/// The figures as a page of Markdown: equal figures give equal pages.
struct QualityDocument {
    let figures: Figures
    let isa: String
    let type: WeightType
    let checkpoint: String
    let keep: [String]

    /// The whole page.
    var text: String {
        [
            introduction, summary, "## Picture by picture\n", pictures, "## Memory\n", memory,
        ].joined(separator: "\n")
    }

    private var columns: [Figures.Column] { figures.columns }

    private var introduction: String {
        let exceptions = keep.map { " --keep '\($0)'" }.joined()
        return """
            # What \(type.rawValue) weights cost in quality

            `make quality` writes this page, and fails where what is asked is not reached.

            `\(checkpoint)` and the upscalers beside it, quantized with
            `--type \(type.rawValue)\(exceptions)`, are compared with the same checkpoints in float32:
            same prompts, seeds and kernels (`INKSTONE_ISA=\(isa)`). Activations that meet int8 weights are
            rounded to 12 bits (`q16`) or to 8 (`q8`), whichever the processor multiplies faster. Large
            3×3 convolutions that go by Winograd's algorithm round what is transformed to 13 bits, beside
            12 bits everywhere but with NEON (float32), beside 8 bits with VNNI. Convolutions that stay in
            float16 meet 12 bits on x86, float32 elsewhere. The first column is held to what is asked.

            All figures are decibels. PSNR is 10 · log₁₀(1 / mean squared difference) of pictures within
            0…1, SNR 20 · log₁₀(‖x‖ / ‖difference‖). A stage alone is given what the float32 model gives
            it; the U-Net both halves of the guidance, and either noise alone or the latents of a picture
            with the noise of that timestep. Its error counts √(1 − ᾱ(t)) times in the latents: at t = 1, where
            there is least to find, hardly at all.

            """
    }

    /// Mean and worst of each quantity.
    private var summary: String {
        let rows = columns[0].quantities.enumerated().map { index, quantity in
            [quantity.name, quantity.measure, "\(quantity.values.count)"]
                + columns.flatMap { column in
                    let quantity = column.quantities[index]
                    return [decibels(quantity.mean), decibels(quantity.worst)]
                } + [quantity.asked]
        }
        let names = columns.flatMap { ["\($0.name) mean", "\($0.name) worst"] }
        return markdown(
            ["what", "measure", "examples"] + names + ["asked"], rows, numbers: 2..<3 + names.count)
    }

    /// Each prompt's figure.
    private var pictures: String {
        let rows = figures.prompts.enumerated().map { index, prompt in
            ["\(index)", prompt]
                + columns.map { column in
                    let pictures = column.quantities.first {
                        $0.name == ModelComparison.picturesName
                    }
                    return pictures.map { decibels($0.values[index]) } ?? ""
                }
        }
        return markdown(
            ["case", "prompt"] + columns.map { "\($0.name) PSNR" }, rows,
            numbers: 2..<2 + columns.count)
    }

    /// What each form of each network takes.
    private var memory: String {
        let rows = figures.footprints.map { footprint in
            [
                footprint.name, readable(bytes: footprint.weightBytes),
                readable(bytes: footprint.activationBytes),
            ]
        }
        let threads = figures.threads == 1 ? "1 thread" : "\(figures.threads) threads"
        var text = "Activations are the peak with \(threads)."
        if let peak = figures.footprints.compactMap(\.residentBytes).max() {
            // In steps that hide how much the allocator happens to keep.
            let step = 50 << 20
            text +=
                " The measuring process, mapped weights and all that it compares\nincluded, never had more than "
                + "\((peak + step - 1) / step * 50) MiB resident."
        }
        return text + "\n\n"
            + markdown(["what", "weights", "activations"], rows, numbers: 1..<3)
    }

    private func markdown(_ header: [String], _ rows: [[String]], numbers: Range<Int>) -> String {
        let rule = header.indices.map { numbers.contains($0) ? "--:" : "---" }
        return ([header, rule] + rows).map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
    }
}

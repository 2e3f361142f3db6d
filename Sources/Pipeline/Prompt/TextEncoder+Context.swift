internal import Models
internal import Tensors

extension TextEncoder {
    /// Hidden states for the U-Net, [N, T, C], of N prompts of equal length.
    ///
    /// What counts more or less than usual is moved away from, or towards, what the encoder makes of a
    /// prompt without words: h + w · (h′ − h).
    /// - Source: ComfyUI, `comfy/sd1_clip.py`: it has no need to bring the mean back to where it was.
    func context(of tokens: RequestTokens, on executor: Executor) -> Tensor {
        let prompts = tokens.prompts
        let slices = prompts[0].sequences.indices.map { slice in
            self(prompts.map { $0.sequences[slice] }, on: executor)
        }
        let isWeighted = !isPooled && prompts.contains { !$0.weights.isEmpty }
        guard slices.count > 1 || isWeighted else { return slices[0] }
        let empty = isWeighted ? self([tokens.empty], on: executor).values : []
        let shape = Shape(
            images: prompts.count, tokens: slices.reduce(0) { $0 + $1.shape.pixels },
            channels: width)
        let parts = slices.map(\.values)
        let values = prompts.indices.flatMap { image in
            var values = zip(slices, parts).flatMap { slice, values in
                let count = slice.shape.pixels * width
                return values[image * count..<(image + 1) * count]
            }
            for (token, weight) in prompts[image].weights.enumerated()
            where isWeighted && weight != 1 {
                let place = token % tokens.empty.count
                for channel in 0..<width {
                    let usual = empty[place * width + channel]
                    let at = token * width + channel
                    values[at] = usual + weight * (values[at] - usual)
                }
            }
            return values
        }
        return Tensor(values, shape: shape, in: executor.workspace)
    }
}

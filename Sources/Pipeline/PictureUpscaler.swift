internal import Models
package import Pictures
package import Tensors
package import WeightStore

/// Enlarges pictures with the upscaler of a bundle.
package struct PictureUpscaler {
    package let name: String
    private let network: any Upscaler
    private let executor: Executor
    private let tiling: Tiling

    /// How many times larger the result is.
    package var scale: Int { network.scale }

    /// - Parameter tiling: how much is computed at a time; the result is the same.
    package init(
        _ bundle: Bundle, tiling: Tiling = .standard, on executor: Executor
    ) throws {
        name = bundle.name
        network = try bundle.upscaler()
        self.executor = executor
        self.tiling = tiling
    }

    /// Throws unless a picture of this size can be enlarged: before there is any picture, if need be.
    package func check(width: Int, height: Int) throws {
        let sides = 1...maximumPictureSide / scale
        guard sides.contains(width), sides.contains(height) else {
            throw PipelineError.invalidRequest(
                field: "picture to enlarge \(scale) times", expected: "sides of \(sides) pixels",
                found: "\(width)x\(height)")
        }
        try requireMemory(
            floats: width * height * network.floatsPerPixel,
            for: "enlarging \(width)x\(height) pixels \(scale) times")
    }

    /// An RGB picture → the same, `scale` times as large.
    ///
    /// A picture whose sides the network cannot take is extended by repeating its edge, and cut again.
    package func callAsFunction(_ picture: Picture) throws -> Picture {
        guard picture.channels == 3 else {
            throw PipelineError.invalidRequest(
                field: "picture", expected: "three colour channels", found: "\(picture.channels)")
        }
        try check(width: picture.width, height: picture.height)
        let padded = picture.extended(toMultipleOf: network.alignment)
        let input = tensor(of: padded, in: executor.workspace)
        let large = try Pipeline.picture(
            width: picture.width * scale, height: picture.height * scale, stage: "upscaler"
        ) { each in
            try network.enlarge(input, image: 0, tiling: tiling, on: executor, each: each)
        }
        executor.workspace.trim()
        return large
    }
}

extension Picture {
    /// The picture with its last column and row repeated until both sides are multiples of `multiple`.
    func extended(toMultipleOf multiple: Int) -> Picture {
        let newWidth = (width + multiple - 1) / multiple * multiple
        let newHeight = (height + multiple - 1) / multiple * multiple
        guard newWidth != width || newHeight != height else { return self }
        var copy: [UInt8] = []
        copy.reserveCapacity(newWidth * newHeight * channels)
        for y in 0..<newHeight {
            let row = min(y, height - 1) * width
            for x in 0..<newWidth {
                let pixel = (row + min(x, width - 1)) * channels
                copy += pixels[pixel..<pixel + channels]
            }
        }
        return Picture(width: newWidth, height: newHeight, channels: channels, pixels: copy)
    }
}

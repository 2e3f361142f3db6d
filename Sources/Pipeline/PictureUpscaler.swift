internal import Models
package import Pictures
package import Tensors
package import WeightStore

/// Enlarges pictures with the upscaler of a bundle.
package struct PictureUpscaler {
    package let name: String
    private let network: any Upscaler
    private let executor: Executor

    /// How many times larger the result is.
    package var scale: Int { network.scale }

    package init(_ bundle: Bundle, on executor: Executor) throws {
        name = bundle.name
        network = try bundle.upscaler()
        self.executor = executor
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
        let result = network(tensor(of: padded, in: executor.workspace), on: executor)
        let large = try Pipeline.picture(of: result, stage: "upscaler")
        executor.workspace.trim()
        return large.cropped(width: picture.width * scale, height: picture.height * scale)
    }
}

extension Picture {
    /// The picture with its last column and row repeated until both sides are multiples of `multiple`.
    func extended(toMultipleOf multiple: Int) -> Picture {
        let newWidth = (width + multiple - 1) / multiple * multiple
        let newHeight = (height + multiple - 1) / multiple * multiple
        return resampled(width: newWidth, height: newHeight)
    }

    /// The upper left corner of the picture.
    func cropped(width newWidth: Int, height newHeight: Int) -> Picture {
        resampled(width: newWidth, height: newHeight)
    }

    private func resampled(width newWidth: Int, height newHeight: Int) -> Picture {
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

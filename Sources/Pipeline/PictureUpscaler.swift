internal import Models
package import Pictures
package import Tensors
package import WeightStore

/// Enlarges pictures with the upscaler of a bundle.
package struct PictureUpscaler {
    package let name: String
    private let network: any Upscaler
    private let weights: WeightFile
    private let executor: Executor
    private let tiling: Tiling

    /// How many times larger the result is.
    package var scale: Int { network.scale }

    /// - Parameter tiling: how much is computed at a time; the result is the same.
    package init(
        _ bundle: Bundle, tiling: Tiling = .standard, on executor: Executor
    ) throws {
        name = bundle.name
        weights = try bundle.weights("upscaler")
        network = try bundle.upscaler(weights)
        self.executor = executor
        self.tiling = tiling
    }

    /// How a picture of this size is enlarged within `limit` bytes of memory, or within what the machine
    /// has; throws unless it can be: before there is any picture, if need be.
    package func plan(width: Int, height: Int, limit: Int?) throws -> StagePlans {
        try StagePlans(
            [try stage(width: width, height: height)], limit: limit,
            for: "enlarging \(width)x\(height) pixels \(scale) times")
    }

    /// The enlarging of a picture of this size, ready to be rehearsed; throws if it is too large.
    func stage(width: Int, height: Int) throws -> PlannableStage {
        let sides = 1...maximumPictureSide / scale
        guard sides.contains(width), sides.contains(height) else {
            throw PipelineError.invalidRequest(
                field: "picture to enlarge \(scale) times", expected: "sides of \(sides) pixels",
                found: "\(width)x\(height)")
        }
        let rehearsal = executor.rehearsal
        let shape = Shape(
            images: 1, height: height.roundedUp(to: network.alignment),
            width: width.roundedUp(to: network.alignment), channels: 3)
        // The input as bytes, as it came and padded, and as numbers; the result as bytes.
        let pictureBytes = shape.pixels * 3 * (2 + MemoryLayout<Float>.size + scale * scale)
        return PlannableStage { room in
            StageNeeds(
                .upscale, weights: weights, besides: pictureBytes, on: rehearsal
            ) { executor in
                network.enlarge(
                    Tensor(shape, in: executor.workspace), image: 0, tiling: tiling.within(room),
                    on: executor
                ) { _, _ in }
            }
        }
    }

    /// An RGB picture → the same, `scale` times as large.
    ///
    /// A picture whose sides the network cannot take is extended by repeating its edge, and cut again.
    /// - Parameters:
    ///   - plan: of a picture of this size.
    ///   - done: strips of the result from its top, as `strip` was given them before: they are not
    ///     computed again, and the result is the same.
    ///   - strip: is offered what of the result has come since it last kept any, now and then, and
    ///     says whether it keeps it.
    package func callAsFunction(
        _ picture: Picture, plan: StagePlans, after done: [Picture] = [],
        strip: (_ rows: () -> Picture) throws -> Bool = { _ in false }
    ) throws -> Picture {
        guard picture.channels == 3 else {
            throw PipelineError.invalidRequest(
                field: "picture", expected: "three colour channels", found: "\(picture.channels)")
        }
        let height = picture.height * scale
        var rows = PictureRows(width: picture.width * scale, height: height, channels: 3)
        for strip in done { rows.append(strip) }
        guard rows.height < height else { return rows.picture() }
        let skipped = rowsWithoutEffect(on: rows.height / scale, of: picture)
        let rest =
            try skipped == 0
            ? plan
            : self.plan(
                width: picture.width, height: picture.height - skipped, limit: plan.limit)
        rest.reserve(on: executor)
        var keptRows = rows.height
        try enlarge(picture.rows(from: skipped), plan: rest[.upscale]) { row, values, executor in
            guard row + skipped * scale == rows.height, rows.height < height else { return }
            rows.append(values)
            guard rows.height % (Self.stripHeight * scale) == 0 else { return }
            guard !executor.isInterrupted else { throw PipelineError.interrupted }
            let isKept = try strip { rows.slice(keptRows..<rows.height) }
            if isKept { keptRows = rows.height }
        }
        return rows.picture()
    }

    /// Rows from the picture's top that make no difference to the rows from `first` on: the network does
    /// not reach them. In a Winograd tile all rows share in the rounding, so that each convolution
    /// reaches up to a tile; and what is left of the picture must still go that way.
    private func rowsWithoutEffect(on first: Int, of picture: Picture) -> Int {
        let step = executor.winograd == .never ? 1 : WinogradUse.side
        let skipped = max(first - step * network.reach, 0) / Self.grid * Self.grid
        let takes = { executor.winograd.takes(height: $0, width: picture.width) }
        return takes(picture.height - skipped) == takes(picture.height) ? skipped : 0
    }

    /// Rows are skipped by multiples of this, so that all blocks of rows begin where they did.
    private static let grid = 16
    /// Rows of the input that a strip shows, or a multiple.
    private static let stripHeight = 16

    private func enlarge(
        _ picture: Picture, plan: StagePlan,
        each: (_ row: Int, _ values: Span<Float>, Executor) throws -> Void
    ) throws {
        try plan.run(on: executor) { executor in
            let padded = tensor(
                of: picture.extended(toMultipleOf: network.alignment), in: executor.workspace)
            try network.enlarge(
                padded, image: 0, tiling: tiling.within(plan.activationBytes), on: executor
            ) { row, values in
                try requireFinite(values, stage: "upscaler")
                try each(row, values, executor)
            }
        }
    }
}

extension Int {
    func roundedUp(to multiple: Int) -> Int { (self + multiple - 1) / multiple * multiple }
}

extension Picture {
    /// The picture without the rows above `first`.
    func rows(from first: Int) -> Picture {
        guard first > 0 else { return self }
        return Picture(
            width: width, height: height - first, channels: channels,
            pixels: Array(pixels[(first * width * channels)...]))
    }

    /// The picture with its last column and row repeated until both sides are multiples of `multiple`.
    func extended(toMultipleOf multiple: Int) -> Picture {
        let newWidth = width.roundedUp(to: multiple)
        let newHeight = height.roundedUp(to: multiple)
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

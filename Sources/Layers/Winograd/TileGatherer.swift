internal import CKernels
internal import Tensors

/// Gathers the pixels that a row of tiles reads into a worker's memory, a part of the channels: inputs
/// side by side, the prologue applied, doubled, zeros around the picture.
struct TileGatherer {
    let product: WindowProduct
    let plan: WinogradPlan
    /// [6 rows, input columns, part].
    let pixels: UnsafeMutablePointer<Float>
    /// A row of pixels before they are doubled.
    let narrow: UnsafeMutablePointer<Float>

    private var stride: Int { plan.part }
    /// Rows that a row of tiles shares with the one above.
    private static let shared = 2

    /// Gathers for row `tileRow` of the block's tiles; the row above comes before it.
    func gather(_ block: WinogradPlan.Block, tileRow: Int, channels: Range<Int>) {
        let side = WinogradPlan.side
        let length = block.inputColumns * stride
        if tileRow > 0 {
            pixels.update(from: pixels + side * length, count: Self.shared * length)
        }
        let top = block.top - 1 + tileRow * side
        for row in (tileRow > 0 ? Self.shared : 0)..<side + Self.shared {
            gatherRow(top + row, of: block, channels: channels, into: pixels + row * length)
        }
    }

    /// Row `y` of the picture, which may lie outside.
    private func gatherRow(
        _ y: Int, of block: WinogradPlan.Block, channels: Range<Int>,
        into target: UnsafeMutablePointer<Float>
    ) {
        let columns = block.left - 1..<block.left - 1 + block.inputColumns
        let inside = columns.clamped(to: 0..<plan.width)
        // The kernels read whole vectors of channels.
        let isWhole = y >= 0 && y < plan.height && channels.count % 8 == 0
        if isWhole {
            let before = inside.lowerBound - columns.lowerBound
            clear(target, pixels: 0..<before)
            clear(target, pixels: before + inside.count..<columns.count)
        } else {
            clear(target, pixels: 0..<columns.count)
        }
        guard y >= 0 && y < plan.height else { return }
        let first = target + (inside.lowerBound - columns.lowerBound) * stride
        if product.upsampled == nil {
            gather(inside, of: y, image: block.image, channels: channels, into: first)
        } else {
            let halves = inside.lowerBound / 2..<(inside.upperBound + 1) / 2
            gather(halves, of: y / 2, image: block.image, channels: channels, into: narrow)
            for (index, x) in inside.enumerated() {
                let source = narrow + (x / 2 - halves.lowerBound) * stride
                (first + index * stride).update(from: source, count: channels.count)
            }
        }
    }

    /// Columns of row `y` of the inputs, as they are stored.
    private func gather(
        _ columns: Range<Int>, of y: Int, image: Int, channels: Range<Int>,
        into target: UnsafeMutablePointer<Float>
    ) {
        var firstChannel = 0
        for input in product.inputs {
            let count = input.shape.channels
            let common = channels.clamped(to: firstChannel..<firstChannel + count)
            if !common.isEmpty {
                let part = InputPart(
                    source: input.pointer(image: image, pixel: y * input.shape.width)
                        + (columns.lowerBound * count + common.lowerBound - firstChannel)
                            * input.type.bytes,
                    type: input.type, stride: count, pixels: columns.count, channels: common)
                copy(part, image: image, into: target + common.lowerBound - channels.lowerBound)
            }
            firstChannel += count
        }
    }

    private func copy(
        _ part: InputPart, image: Int, into target: UnsafeMutablePointer<Float>
    ) {
        var x = UnsafePointer(target)
        var xStride = stride
        switch part.type {
        case .f32:
            x = part.source.assumingMemoryBound(to: Float.self)
            xStride = part.stride
        case .f16:
            ck_f32_from_f16_rows(
                part.pixels, part.channels.count,
                part.source.assumingMemoryBound(to: UInt16.self), part.stride, target, stride)
            if product.prologue.isNone { return }
        }
        product.prologue.apply(
            image: image, firstChannel: part.channels.lowerBound, channels: part.channels.count,
            count: part.pixels, x: x, xStride: xStride, into: target, stride: stride)
    }

    private func clear(_ row: UnsafeMutablePointer<Float>, pixels: Range<Int>) {
        (row + pixels.lowerBound * stride).update(
            repeating: 0, count: pixels.count * stride)
    }
}

/// Some channels of a run of one input's pixels.
private struct InputPart {
    let source: UnsafeRawPointer
    let type: RowType
    /// Channels from one pixel to the next.
    let stride: Int
    let pixels: Int
    /// Of all inputs together.
    let channels: Range<Int>
}

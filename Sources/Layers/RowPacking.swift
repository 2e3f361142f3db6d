internal import CKernels
internal import Tensors

/// The form that a matrix's kernels want their activations in.
enum RowFormat {
    case f32, q16, q8

    init(for matrix: Matrix, on executor: Executor) {
        if matrix.isInt8 {
            self = executor.activation == .q8 ? .q8 : .q16
        } else if matrix.mayMeetIntegers && executor.halfOperands == .int16 {
            self = .q16
        } else {
            self = .f32
        }
    }

    var bytesPerElement: Int {
        switch self {
        case .f32: 4
        case .q16: 2
        case .q8: 1
        }
    }
}

/// How a row of concatenated channels is packed: the channels of each wide input are groups, quantised
/// apart.
struct RowLayout {
    let format: RowFormat
    /// Channels of each group as floats, and as packed.
    let groups: [Int]
    let packedGroups: [Int]
    let channels: Int
    let stride: Int

    private static let longestGroup = Int(CK_GROUP_MAX)
    private static let narrow = 64

    init(_ inputs: [Int], format: RowFormat) {
        self.format = format
        channels = inputs.reduce(0, +)
        guard format != .f32 else {
            groups = [channels]
            packedGroups = [channels]
            stride = channels
            return
        }
        // Packed weights fill up only the end of a tap, so an inner group must end on a whole block.
        let block = Int(CK_BLOCK_Q8)
        let aligned = inputs.dropLast().allSatisfy { $0 % block == 0 }
        groups = (aligned ? Self.joined(inputs) : [channels]).flatMap(Self.split)
        packedGroups = groups.map { $0.roundedUp(to: block) }
        stride = packedGroups.reduce(0, +)
    }

    var bytesPerRow: Int { stride * format.bytesPerElement }

    /// Bytes of a row's scales; of its offsets too where it has them.
    var scaleBytesPerRow: Int {
        switch format {
        case .f32: 0
        case .q16: groups.count * MemoryLayout<Float>.stride
        case .q8: groups.count * (MemoryLayout<Float>.stride + MemoryLayout<Int32>.stride)
        }
    }

    /// Inputs, but narrow ones share a group with what stands before them: scaling a group's sums takes
    /// as long as multiplying some dozen channels.
    private static func joined(_ inputs: [Int]) -> [Int] {
        var groups: [Int] = []
        for channels in inputs {
            if channels < narrow, let last = groups.popLast() {
                groups.append(last + channels)
            } else {
                groups.append(channels)
            }
        }
        return groups
    }

    private static func split(_ channels: Int) -> [Int] {
        var left = channels
        var parts: [Int] = []
        while left > longestGroup {
            parts.append(longestGroup)
            left -= longestGroup
        }
        return parts + [left]
    }
}

/// Packed rows in a worker's scratch memory.
struct PackedRows {
    let layout: RowLayout
    let data: UnsafeMutableRawPointer
    let scale: UnsafeMutablePointer<Float>
    /// Of rows in int8, behind all scales.
    fileprivate let offset: UnsafeMutablePointer<Int32>

    private init(
        layout: RowLayout, data: UnsafeMutableRawPointer, scale: UnsafeMutablePointer<Float>,
        offset: UnsafeMutablePointer<Int32>
    ) {
        self.layout = layout
        self.data = data
        self.scale = scale
        self.offset = offset
    }

    /// - Parameters:
    ///   - capacity: rows that there is room for.
    ///   - scales: `capacity` times the layout's `scaleBytesPerRow`.
    init(
        layout: RowLayout, capacity: Int, data: UnsafeMutableRawPointer,
        scales: UnsafeMutableRawPointer
    ) {
        let count = capacity * layout.groups.count
        self.init(
            layout: layout, data: data, scale: scales.assumingMemoryBound(to: Float.self),
            offset: (scales + count * MemoryLayout<Float>.stride)
                .assumingMemoryBound(to: Int32.self))
    }

    /// Float rows that need no packing: multiplied where they stand, and never written to.
    init(layout: RowLayout, floats: UnsafeRawPointer) {
        let floats = UnsafeMutableRawPointer(mutating: floats)
        self.init(layout: layout, capacity: 0, data: floats, scales: floats)
    }

    /// The rows from row `count` on.
    func dropFirst(_ count: Int) -> PackedRows {
        PackedRows(
            layout: layout, data: data + count * layout.bytesPerRow,
            scale: scale + count * layout.groups.count, offset: offset + count * layout.groups.count
        )
    }

    /// Packs `count` float rows at row `row`. Float rows may already stand where they belong.
    func pack(_ x: UnsafePointer<Float>, stride: Int, count: Int, at row: Int) {
        let scales = scale + row * layout.groups.count
        let target = data + row * layout.bytesPerRow
        switch layout.format {
        case .f32:
            let y = target.assumingMemoryBound(to: Float.self)
            if x == UnsafePointer(y) { return }
            for index in 0..<count {
                (y + index * layout.stride).update(from: x + index * stride, count: layout.channels)
            }
        case .q16:
            ck_quantize_q16(
                count, layout.groups.count, layout.groups, layout.packedGroups, x, stride,
                target.assumingMemoryBound(to: Int16.self), layout.stride, scales)
        case .q8:
            ck_quantize_q8(
                count, layout.groups.count, layout.groups, layout.packedGroups, x, stride,
                target.assumingMemoryBound(to: Int8.self), layout.stride, scales,
                offset + row * layout.groups.count)
        }
    }

    /// Makes `count` rows zero from row `row` on: the padding around a picture.
    func clear(count: Int, at row: Int) {
        guard count > 0 else { return }
        (data + row * layout.bytesPerRow).initializeMemory(
            as: UInt8.self, repeating: 0, count: count * layout.bytesPerRow)
        let first = row * layout.groups.count
        let groups = count * layout.groups.count
        if layout.format != .f32 { (scale + first).update(repeating: 0, count: groups) }
        if layout.format == .q8 { (offset + first).update(repeating: 0, count: groups) }
    }
}

extension Matrix {
    /// C = packed rows seen through `window` · weightsᵀ + bias, for the panels in `range`.
    func multiply(
        _ rows: PackedRows, window: ck_window, range: Range<Int>, bias: UnsafePointer<Float>?,
        into c: UnsafeMutablePointer<Float>
    ) {
        let range = ck_panel_range(begin: range.lowerBound, end: range.upperBound)
        let layout = rows.layout
        let pixels = window.height * window.width
        let flat = window.kernel_h == 1 && window.kernel_w == 1 && window.stride == 1
        layout.packedGroups.withUnsafeBufferPointer { groups in
            guard let groupK = groups.baseAddress else { return }
            switch panels {
            case .f32(let b):
                let a = rows.floats
                flat
                    ? ck_gemm_f32_f32(pixels, a, b, range, bias, c, outputs)
                    : ck_conv_f32_f32(window, a, b, range, bias, c, outputs)
            case .f16(let b) where layout.format == .q16:
                let a = rows.words(groups.count, groupK)
                flat
                    ? ck_gemm_q16_f16(pixels, a, b, range, bias, c, outputs)
                    : ck_conv_q16_f16(window, a, b, range, bias, c, outputs)
            case .f16(let b):
                let a = rows.floats
                flat
                    ? ck_gemm_f32_f16(pixels, a, b, range, bias, c, outputs)
                    : ck_conv_f32_f16(window, a, b, range, bias, c, outputs)
            case .q8(let b) where layout.format == .q16:
                let a = rows.words(groups.count, groupK)
                flat
                    ? ck_gemm_q16_q8(pixels, a, b, range, bias, c, outputs)
                    : ck_conv_q16_q8(window, a, b, range, bias, c, outputs)
            case .q8(let b):
                let a = rows.bytes(groups.count, groupK)
                flat
                    ? ck_gemm_q8_q8(pixels, a, b, range, bias, c, outputs)
                    : ck_conv_q8_q8(window, a, b, range, bias, c, outputs)
            }
        }
    }

    /// C = what tap `tap` of int8 weights alone brings to `count` packed rows + bias, for the panels in
    /// `range`.
    func multiply(
        _ rows: PackedRows, count: Int, tap: Int, range: Range<Int>, bias: UnsafePointer<Float>?,
        into c: UnsafeMutablePointer<Float>, stride: Int
    ) {
        guard case .q8(let b) = panels else { preconditionFailure("int8 weights") }
        let range = ck_panel_range(range)
        rows.layout.packedGroups.withUnsafeBufferPointer { groups in
            guard let groupK = groups.baseAddress else { return }
            if rows.layout.format == .q16 {
                let a = rows.words(groups.count, groupK)
                ck_tap_q16_q8(count, a, b, tap, range, bias, c, stride)
            } else {
                let a = rows.bytes(groups.count, groupK)
                ck_tap_q8_q8(count, a, b, tap, range, bias, c, stride)
            }
        }
    }
}

extension PackedRows {
    fileprivate func words(_ groups: Int, _ groupK: UnsafePointer<Int>) -> ck_rows_q16 {
        ck_rows_q16(
            data: data.assumingMemoryBound(to: Int16.self), stride: layout.stride, scale: scale,
            groups: groups, group_k: groupK)
    }

    fileprivate func bytes(_ groups: Int, _ groupK: UnsafePointer<Int>) -> ck_rows_q8 {
        ck_rows_q8(
            data: data.assumingMemoryBound(to: Int8.self), stride: layout.stride, scale: scale,
            offset: offset, groups: groups, group_k: groupK)
    }

    fileprivate var floats: ck_rows_f32 {
        ck_rows_f32(data: data.assumingMemoryBound(to: Float.self), stride: layout.stride)
    }
}

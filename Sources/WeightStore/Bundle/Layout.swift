/// How a tensor of a bundle is stored.
package enum Layout: String, Sendable, CaseIterable {
    /// The true shape, row-major; the size is a multiple of 64 bytes.
    case plain
    /// One dimension, row-major, zeros at the end up to 64 bytes.
    case padded
    /// Panels of 16 outputs of a floating-point matrix or convolution.
    case panel16
    /// Panels of 8 outputs, in blocks of 4 inputs, of an int8 matrix or convolution.
    case panel4x8

    /// Bytes that every tensor's place and size in a bundle are multiples of.
    package static let alignment = 64

    /// The stored shape of a tensor.
    /// - Parameters:
    ///   - type: the stored type: any for `plain` and `padded`, F32 or F16 for `panel16`, I8 for
    ///     `panel4x8`.
    ///   - shape: the true shape; panels hold [n, c] or [n, c, kh, kw], all ≥ 1.
    ///   - tensor, path: names for messages.
    package func storedShape(
        type: DataType, shape: [Int], tensor: String = "", path: String = ""
    ) throws(WeightError) -> [Int] {
        let stored: [Int]? =
            switch self {
            case .plain: shape
            case .padded: paddedShape(type, shape)
            case .panel16:
                PanelShape(type: type, shape: shape).flatMap { panel in
                    type == .i8 ? nil : [panel.count, panel.depth, 16]
                }
            case .panel4x8:
                PanelShape(type: type, shape: shape).flatMap { panel in
                    type == .i8 ? [panel.count, panel.depth / 4, 8, 4] : nil
                }
            }
        guard let stored, let size = byteCount(type, stored), size % Layout.alignment == 0 else {
            throw .tensor(
                path: path, tensor: tensor, expected: requirement, found: describe(type, shape))
        }
        return stored
    }

    /// The stored size in bytes, a multiple of 64; parameters and errors as in `storedShape`.
    package func storedByteCount(
        type: DataType, shape: [Int], tensor: String = "", path: String = ""
    ) throws(WeightError) -> Int {
        let stored = try storedShape(type: type, shape: shape, tensor: tensor, path: path)
        // storedShape has found the size to fit.
        return byteCount(type, stored) ?? 0
    }

    /// The layout that a vector or table of this type and shape is stored in: `plain` if its size
    /// is a multiple of 64 bytes, else `padded`.
    package static func ofTable(type: DataType, shape: [Int]) -> Layout {
        guard let size = byteCount(type, shape) else { return .padded }
        return size % alignment == 0 ? .plain : .padded
    }

    private var requirement: String {
        switch self {
        case .plain: "a size that is a multiple of 64 bytes (or the layout padded)"
        case .padded: "a shape whose size fits 64 bits"
        case .panel16: "F32 or F16 of shape [n, c] or [n, c, kh, kw] for panel16"
        case .panel4x8: "I8 of shape [n, c] or [n, c, kh, kw] for panel4x8"
        }
    }
}

private func byteCount(_ type: DataType, _ shape: [Int]) -> Int? {
    guard let count = elementCount(of: shape) else { return nil }
    let (size, overflow) = count.multipliedReportingOverflow(by: type.size)
    return overflow ? nil : size
}

private func paddedShape(_ type: DataType, _ shape: [Int]) -> [Int]? {
    guard let size = byteCount(type, shape), let padded = roundedUp(size, to: Layout.alignment)
    else { return nil }
    return [padded / type.size]
}

/// The measures of a matrix or convolution weight in panels, B [n, k] with k tap-major.
package struct PanelShape: Sendable, Equatable {
    /// Outputs.
    package let n: Int
    /// Inputs, as in the true shape.
    package let c: Int
    /// Taps: kh · kw, 1 for a matrix.
    package let taps: Int
    /// Inputs a tap as stored: c, for int8 rounded up to a multiple of 4.
    package let channels: Int
    /// The length of the k axis that has a meaning: taps · channels.
    package let k: Int
    /// The length of the k axis as stored: k, for F16 rounded up to 2, for int8 to 8.
    package let depth: Int
    /// Outputs a panel: 8 for int8, else 16.
    package let width: Int
    /// Panels: n / width, rounded up.
    package let count: Int

    /// The measures for a type of F32, F16 or I8 and a true shape [n, c] or [n, c, kh, kw]; nil for
    /// others, for a dimension below 1 and for sizes beyond 64 bits.
    package init?(type: DataType, shape: [Int]) {
        guard shape.count == 2 || shape.count == 4, shape.allSatisfy({ $0 >= 1 }) else {
            return nil
        }
        let filling: (channel: Int, depth: Int, width: Int)
        switch type {
        case .f32: filling = (1, 1, 16)
        case .f16: filling = (1, 2, 16)
        case .i8: filling = (4, 8, 8)
        default: return nil
        }
        guard let taps = elementCount(of: Array(shape.dropFirst(2))),
            let channels = roundedUp(shape[1], to: filling.channel),
            let k = elementCount(of: [taps, channels]),
            let depth = roundedUp(k, to: filling.depth),
            let rows = roundedUp(shape[0], to: filling.width)
        else { return nil }
        n = shape[0]
        c = shape[1]
        self.taps = taps
        self.channels = channels
        self.k = k
        self.depth = depth
        width = filling.width
        count = rows / filling.width
    }
}

/// A true shape as a bundle's metadata has it: `320x320x3x3`.
func shapeText(_ shape: [Int]) -> String {
    shape.map(String.init).joined(separator: "x")
}

/// The layout and true shape of a metadata entry such as `panel16 320x320x3x3`; nil if it is none.
func parseLayout(_ text: String) -> (layout: Layout, shape: [Int])? {
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 2, let layout = Layout(rawValue: String(parts[0])), layout != .plain
    else { return nil }
    var shape: [Int] = []
    for part in parts[1].split(separator: "x", omittingEmptySubsequences: false) {
        guard let dimension = Int(part), dimension >= 0, String(dimension) == part else {
            return nil
        }
        shape.append(dimension)
    }
    return shape.count <= SafetensorsHeader.dimensionLimit ? (layout, shape) : nil
}

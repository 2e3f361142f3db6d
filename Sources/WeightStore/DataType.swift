/// An element type, spelled as in a safetensors header.
package enum DataType: String, Sendable, CaseIterable {
    case f64 = "F64"
    case f32 = "F32"
    case f16 = "F16"
    case bf16 = "BF16"
    case i64 = "I64"
    case i32 = "I32"
    case i16 = "I16"
    case i8 = "I8"
    case u8 = "U8"
    case bool = "BOOL"

    /// Bytes of one element: 1, 2, 4 or 8.
    package var size: Int {
        switch self {
        case .f64, .i64: 8
        case .f32, .i32: 4
        case .f16, .bf16, .i16: 2
        case .i8, .u8, .bool: 1
        }
    }
}

/// The number of elements of a shape, 1 for a scalar; nil if a dimension is negative or the product
/// does not fit an `Int`.
package func elementCount(of shape: [Int]) -> Int? {
    var count = 1
    var overflows = false
    for dimension in shape {
        guard dimension >= 0 else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
        // A later zero makes an overflowing product legal but no real tensor is written so.
        overflows = overflows || overflow
        count = product
    }
    return overflows ? nil : count
}

/// `value` rounded up to a multiple of `step` (> 0); nil on overflow.
func roundedUp(_ value: Int, to step: Int) -> Int? {
    let (sum, overflow) = value.addingReportingOverflow(step - 1)
    return overflow ? nil : sum / step * step
}

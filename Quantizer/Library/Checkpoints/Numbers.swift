import WeightStore

extension DataType {
    /// From torch's name of a storage class.
    init?(storage name: String) {
        switch name {
        case "DoubleStorage": self = .f64
        case "FloatStorage": self = .f32
        case "HalfStorage": self = .f16
        case "BFloat16Storage": self = .bf16
        case "LongStorage": self = .i64
        case "IntStorage": self = .i32
        case "ShortStorage": self = .i16
        case "CharStorage": self = .i8
        case "ByteStorage": self = .u8
        case "BoolStorage": self = .bool
        default: return nil
        }
    }
}

extension ByteSource {
    /// `count` numbers of `type` from `offset` on, as float32 (rounded to nearest where they are wider).
    func floats(
        at offset: Int, count: Int, type: DataType
    ) throws(QuantizerError) -> [Float] {
        guard count >= 0, count <= self.count / type.size else {
            throw .malformed(path: path, what: "\(count) numbers wanted, the file is smaller")
        }
        var result = [Float](repeating: 0, count: count)
        if type == .f32 {
            try read(at: offset, into: &result)
            return result
        }
        let block = 1 << 18
        var done = 0
        while done < count {
            let part = min(block, count - done)
            let bytes = try read(at: offset + done * type.size, count: part * type.size)
            convert(bytes, type, into: &result, at: done, count: part)
            done += part
        }
        return result
    }
}

/// Converts `count` packed little-endian numbers into `result[start...]`.
private func convert(
    _ bytes: [UInt8], _ type: DataType, into result: inout [Float], at start: Int, count: Int
) {
    bytes.withUnsafeBytes { raw in
        result.withUnsafeMutableBufferPointer { all in
            let target = UnsafeMutableBufferPointer(rebasing: all[start..<start + count])
            switch type {
            case .f32: widen(raw, target) { (x: UInt32) in Float(bitPattern: x) }
            case .f64: widen(raw, target) { (x: UInt64) in Float(Double(bitPattern: x)) }
            case .f16: widen(raw, target) { (x: UInt16) in Float(Float16(bitPattern: x)) }
            case .bf16: widen(raw, target) { (x: UInt16) in Float(bitPattern: UInt32(x) << 16) }
            case .i64: widen(raw, target) { (x: Int64) in Float(x) }
            case .i32: widen(raw, target) { (x: Int32) in Float(x) }
            case .i16: widen(raw, target) { (x: Int16) in Float(x) }
            case .i8: widen(raw, target) { (x: Int8) in Float(x) }
            case .u8, .bool: widen(raw, target) { (x: UInt8) in Float(x) }
            }
        }
    }
}

@inline(__always)
private func widen<Narrow: FixedWidthInteger & BitwiseCopyable>(
    _ raw: UnsafeRawBufferPointer, _ target: UnsafeMutableBufferPointer<Float>,
    _ value: (Narrow) -> Float
) {
    for index in target.indices {
        let bits = raw.loadUnaligned(
            fromByteOffset: index * MemoryLayout<Narrow>.size, as: Narrow.self)
        target[index] = value(Narrow(littleEndian: bits))
    }
}

/// One tensor of a safetensors file, as its header has it.
package struct TensorEntry: Sendable, Equatable {
    /// The name, verbatim.
    package let name: String
    /// The type of its elements.
    package let type: DataType
    /// The shape; empty for a scalar. The product of the dimensions fits an `Int`.
    package let shape: [Int]
    /// Where its bytes stand, counted from the beginning of the file.
    package let range: Range<Int>

    /// The number of elements.
    package var count: Int { range.count / type.size }
}

/// The checked header of a safetensors file.
///
/// What it promises once read: every tensor's byte range is as long as its shape and type say, and
/// the ranges cover the file behind the header without holes or overlap.
/// - Source: the format description of huggingface/safetensors. Not read: the types beyond `DataType`.
package struct SafetensorsHeader: Sendable {
    /// The text pairs under `__metadata__`.
    package let metadata: [String: String]
    /// The tensors in the order of their bytes.
    package let tensors: [TensorEntry]
    /// Where the data section begins.
    package let dataStart: Int

    /// The longest header accepted, in bytes.
    package static let byteLimit = 100_000_000
    /// The most tensors accepted.
    package static let tensorLimit = 100_000
    /// The longest tensor name accepted, in bytes.
    package static let nameLimit = 1024
    /// The most dimensions accepted.
    package static let dimensionLimit = 8

    /// Reads and checks the header.
    /// - Parameters:
    ///   - bytes: the file's beginning, header included; the data may be there or not.
    ///   - fileSize: the size of the whole file in bytes, ≥ `bytes.count`.
    ///   - path: the file, for messages.
    package static func parse(
        bytes: UnsafeRawBufferPointer, fileSize: Int, path: String
    ) throws(WeightError) -> SafetensorsHeader {
        let text = try headerText(bytes, fileSize: fileSize, path: path)
        let dataStart = 8 + text.count
        var limits = JSONLimits()
        // A tensor is eleven values at most, and a lookalike header must not cost gigabytes.
        limits.valueCount = 16 * tensorLimit
        limits.depth = 3
        let root = try JSONValue.parse(text, source: "\(path) (header)", limits: limits)
        guard case .object(let object) = root else {
            throw .header(path: path, problem: "its header is \(root.kind)")
        }
        guard object.count <= tensorLimit + (object["__metadata__"] == nil ? 0 : 1) else {
            throw .header(path: path, problem: "it has more than \(tensorLimit) tensors")
        }
        let reader = EntryReader(path: path, dataStart: dataStart, fileSize: fileSize)
        var metadata: [String: String] = [:]
        var tensors: [TensorEntry] = []
        for (name, value) in object {
            if name == "__metadata__" {
                metadata = try reader.metadata(value)
            } else {
                tensors.append(try reader.entry(name, value))
            }
        }
        sortByPosition(&tensors)
        try reader.checkCoverage(tensors)
        return SafetensorsHeader(metadata: metadata, tensors: tensors, dataStart: dataStart)
    }

    /// The JSON text between the length and the data.
    private static func headerText(
        _ bytes: UnsafeRawBufferPointer, fileSize: Int, path: String
    ) throws(WeightError) -> UnsafeRawBufferPointer {
        guard fileSize >= 8, bytes.count >= 8 else {
            throw .header(
                path: path, problem: "it is \(fileSize) bytes long, the shortest has 10")
        }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= byteLimit else {
            throw .header(
                path: path, problem: "its header claims \(length) bytes, more than \(byteLimit)")
        }
        let end = 8 + Int(length)
        guard end <= fileSize, end <= bytes.count else {
            throw .header(
                path: path, problem: "its header claims \(length) bytes, the file has \(fileSize)")
        }
        let text = UnsafeRawBufferPointer(rebasing: bytes[8..<end])
        guard text.first == UInt8(ascii: "{") else {
            throw .header(path: path, problem: "its header does not begin with \"{\"")
        }
        return text
    }
}

/// Orders by first byte; an empty tensor comes before the one that begins where it stands.
private func sortByPosition(_ tensors: inout [TensorEntry]) {
    func precedes(_ left: TensorEntry, _ right: TensorEntry) -> Bool {
        (left.range.lowerBound, left.range.upperBound)
            < (right.range.lowerBound, right.range.upperBound)
    }
    let isSorted = zip(tensors, tensors.dropFirst()).allSatisfy { !precedes($1, $0) }
    if !isSorted { tensors.sort(by: precedes) }
}

/// Reads the values of a header, which may lie in every place.
private struct EntryReader {
    let path: String
    let dataStart: Int
    let fileSize: Int

    func metadata(_ value: JSONValue) throws(WeightError) -> [String: String] {
        guard case .object(let object) = value else {
            throw .header(path: path, problem: "__metadata__ is \(value.kind), expected an object")
        }
        var result: [String: String] = [:]
        for (key, value) in object {
            guard case .string(let text) = value else {
                throw .header(
                    path: path,
                    problem: "__metadata__ \"\(key)\" is \(value.kind), "
                        + "expected a string")
            }
            guard result.updateValue(text, forKey: key) == nil else {
                throw .header(
                    path: path,
                    problem: "__metadata__ \"\(key)\" is there in two spellings")
            }
        }
        return result
    }

    func entry(_ name: String, _ value: JSONValue) throws(WeightError) -> TensorEntry {
        guard name.utf8.count <= SafetensorsHeader.nameLimit else {
            throw wrong(
                name, "a name of at most \(SafetensorsHeader.nameLimit) bytes",
                "\(name.utf8.count)")
        }
        guard case .object(let fields) = value else {
            throw wrong(name, "an object", value.kind)
        }
        let type = try type(name, fields["dtype"])
        let shape = try sizes(name, "shape", fields["shape"])
        let offsets = try sizes(name, "data_offsets", fields["data_offsets"])
        guard shape.count <= SafetensorsHeader.dimensionLimit else {
            throw wrong(
                name, "at most \(SafetensorsHeader.dimensionLimit) dimensions", "\(shape.count)")
        }
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
            throw wrong(name, "data_offsets [begin, end]", "\(offsets)")
        }
        guard offsets[1] <= fileSize - dataStart else {
            throw wrong(
                name, "data_offsets within the \(fileSize - dataStart) bytes of data",
                "\(offsets)")
        }
        guard let count = elementCount(of: shape) else {
            throw wrong(name, "a shape that fits 64 bits", "\(shape)")
        }
        let (size, overflow) = count.multipliedReportingOverflow(by: type.size)
        guard !overflow, size == offsets[1] - offsets[0] else {
            throw wrong(
                name, "as many bytes as \(describe(type, shape)) has",
                "\(offsets[1] - offsets[0])")
        }
        let range = dataStart + offsets[0]..<dataStart + offsets[1]
        return TensorEntry(name: name, type: type, shape: shape, range: range)
    }

    private func type(_ name: String, _ value: JSONValue?) throws(WeightError) -> DataType {
        guard let text = value?.string else {
            throw wrong(name, "a dtype", value?.kind ?? "none")
        }
        guard let type = DataType(rawValue: text) else {
            let known = DataType.allCases.map(\.rawValue).joined(separator: ", ")
            throw wrong(name, "a dtype of \(known)", text)
        }
        return type
    }

    /// A list of whole numbers ≥ 0.
    private func sizes(
        _ name: String, _ field: String, _ value: JSONValue?
    ) throws(WeightError) -> [Int] {
        guard let values = value?.array else {
            throw wrong(name, "\(field) as an array", value?.kind ?? "none")
        }
        var result: [Int] = []
        for value in values {
            guard case .integer(let number) = value, number >= 0 else {
                throw wrong(name, "\(field) of whole numbers from 0", value.excerpt)
            }
            result.append(Int(number))
        }
        return result
    }

    /// Checks that the sorted tensors cover the data section exactly.
    func checkCoverage(_ tensors: [TensorEntry]) throws(WeightError) {
        var end = dataStart
        for tensor in tensors {
            guard tensor.range.lowerBound == end else {
                let relation = tensor.range.lowerBound > end ? "a hole before it" : "an overlap"
                throw wrong(
                    tensor.name, "to begin at data offset \(end - dataStart)",
                    "\(relation): \(tensor.range.lowerBound - dataStart)")
            }
            end = tensor.range.upperBound
        }
        guard end == fileSize else {
            throw .header(
                path: path,
                problem: "its tensors end at byte \(end), the file at byte \(fileSize)")
        }
    }

    private func wrong(_ tensor: String, _ expected: String, _ found: String) -> WeightError {
        .tensor(path: path, tensor: tensor, expected: expected, found: found)
    }
}

extension JSONValue {
    /// The value itself if it is a number, else its kind.
    fileprivate var excerpt: String {
        switch self {
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        default: kind
        }
    }
}

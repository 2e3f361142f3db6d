import WeightStore

/// How a tensor is stored: its type and the layout that goes with it.
extension ExpectedTensor {
    /// The entries of the weight file: the tensor, and for int8 its scales.
    func planned(as type: WeightType) -> [PlannedTensor] {
        let stored = type.dataType
        guard role == .matrix else {
            let layout = Layout.ofTable(type: stored, shape: shape)
            return [PlannedTensor(name: name, type: stored, layout: layout, trueShape: shape)]
        }
        guard type == .int8 else {
            return [PlannedTensor(name: name, type: stored, layout: .panel16, trueShape: shape)]
        }
        let scales = [shape[0]]
        return [
            PlannedTensor(name: name, type: .i8, layout: .panel4x8, trueShape: shape),
            PlannedTensor(
                name: name + "_scale", type: .f32,
                layout: Layout.ofTable(type: .f32, shape: scales), trueShape: scales),
        ]
    }
}

extension WeightType {
    /// The element type in the file.
    var dataType: DataType {
        switch self {
        case .int8: .i8
        case .f16: .f16
        case .f32: .f32
        }
    }
}

/// Signal and noise of a stored tensor, both as sums of squares.
struct Fidelity {
    var signal = 0.0
    var noise = 0.0
}

/// Writes one tensor in its stored form. `weights` are finite, row-major in the true shape.
struct StoredTensorWriter {
    let tensor: ExpectedTensor
    let type: WeightType
    let writer: WeightFileWriter

    /// Appends all entries of `tensor.planned(as: type)`.
    func write(_ weights: [Float]) throws(WeightError) -> Fidelity {
        var fidelity = Fidelity()
        for weight in weights { fidelity.signal += Double(weight) * Double(weight) }
        guard tensor.role == .matrix else {
            try writeRows(weights, &fidelity)
            return fidelity
        }
        guard let panel = PanelShape(type: type.dataType, shape: tensor.shape) else {
            throw .tensor(
                path: writer.path, tensor: tensor.name, expected: "a matrix or a convolution",
                found: shapeText(tensor.shape))
        }
        switch type {
        case .int8: try writeInt8(weights, panel, &fidelity)
        case .f16: try writeFloats(weights.map(halfBits), panel)
        case .f32: try writeFloats(weights, panel)
        }
        if type == .f16 { fidelity.noise = halfNoise(weights) }
        return fidelity
    }

    private func writeRows(_ weights: [Float], _ fidelity: inout Fidelity) throws(WeightError) {
        if type == .f16 {
            let halves = weights.map(halfBits)
            fidelity.noise = halfNoise(weights)
            try append(halves)
        } else {
            try append(weights)
        }
    }

    private func append<Element: BitwiseCopyable>(_ elements: [Element]) throws(WeightError) {
        try elements.withUnsafeBufferPointer { buffer throws(WeightError) in
            try writer.appendTensor(writer.currentTensor ?? "", UnsafeRawBufferPointer(buffer))
        }
    }

    /// Panels `[k][16]`, one after the other.
    private func writeFloats<Element: BitwiseCopyable & Numeric>(
        _ weights: [Element], _ shape: PanelShape
    ) throws(WeightError) {
        var panel = [Element](repeating: 0, count: shape.depth * shape.width)
        for index in 0..<shape.count {
            let first = index * shape.width
            let rows = min(shape.width, shape.n - first)
            if rows < shape.width {
                panel = [Element](repeating: 0, count: shape.depth * shape.width)
            }
            weights.withUnsafeBufferPointer { source in
                panel.withUnsafeMutableBufferPointer { target in
                    for row in 0..<rows {
                        let start = (first + row) * shape.c * shape.taps
                        let end = start + shape.c * shape.taps
                        spread(
                            UnsafeBufferPointer(rebasing: source[start..<end]), shape,
                            into: target, row: row)
                    }
                }
            }
            try writer.append(elements: panel)
        }
    }

    /// Panels `[k / 4][8][4]`, one after the other, then the scales.
    private func writeInt8(
        _ weights: [Float], _ shape: PanelShape, _ fidelity: inout Fidelity
    ) throws(WeightError) {
        let length = shape.c * shape.taps
        var scales: [Float] = []
        var row = [Int8](repeating: 0, count: length)
        for index in 0..<shape.count {
            let first = index * shape.width
            var panel = [Int8](repeating: 0, count: shape.depth * shape.width)
            for output in first..<min(first + shape.width, shape.n) {
                weights.withUnsafeBufferPointer { source in
                    let part = UnsafeBufferPointer(
                        rebasing: source[output * length..<(output + 1) * length])
                    let scale = Int8Row.bestScale(part)
                    scales.append(scale)
                    row.withUnsafeMutableBufferPointer { row in
                        fidelity.noise += Int8Row.quantise(part, scale: scale, into: row)
                        panel.withUnsafeMutableBufferPointer { panel in
                            spreadBlocks(
                                UnsafeBufferPointer(row), shape, into: panel, row: output - first)
                        }
                    }
                }
            }
            try writer.append(elements: panel)
        }
        try append(scales)
    }
}

/// Puts one output's weights `[c][tap]` at `[tap · c][row]` of a panel of 16.
private func spread<Element>(
    _ source: UnsafeBufferPointer<Element>, _ shape: PanelShape,
    into panel: UnsafeMutableBufferPointer<Element>, row: Int
) {
    var at = 0
    var channel = 0
    while channel < shape.c {
        var tap = 0
        while tap < shape.taps {
            panel[(tap &* shape.channels &+ channel) &* 16 &+ row] = source[at]
            at &+= 1
            tap &+= 1
        }
        channel &+= 1
    }
}

/// Puts one output's weights `[c][tap]` at `[k / 4][row][k mod 4]` of a panel of 8.
private func spreadBlocks(
    _ source: UnsafeBufferPointer<Int8>, _ shape: PanelShape,
    into panel: UnsafeMutableBufferPointer<Int8>, row: Int
) {
    var at = 0
    var channel = 0
    while channel < shape.c {
        var tap = 0
        while tap < shape.taps {
            let k = tap &* shape.channels &+ channel
            panel[(k & ~3) &* 8 &+ row &* 4 &+ (k & 3)] = source[at]
            at &+= 1
            tap &+= 1
        }
        channel &+= 1
    }
}

private func halfBits(_ value: Float) -> UInt16 { Float16(value).bitPattern }

private func halfNoise(_ weights: [Float]) -> Double {
    var noise = 0.0
    for weight in weights {
        let difference = Double(weight - Float(Float16(weight)))
        noise += difference * difference
    }
    return noise
}

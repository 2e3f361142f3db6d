import WeightStore

/// The upscaler in a file: which network it is, and of which size, follows from names and shapes.
func upscalerStage(_ path: String) throws(QuantizerError) -> Stage {
    try upscalerStage(try openCheckpoint(path))
}

func upscalerStage(_ original: any CheckpointSource) throws(QuantizerError) -> Stage {
    let source = WithoutPrefix(original, "module.")
    let path = source.path
    let shapes = Dictionary(
        source.tensors.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
    let isCompact = shapes["body.0.weight"] != nil
    let architecture = isCompact ? Architecture.compactNet : .rrdbNet
    let configuration =
        isCompact
        ? try compactConfiguration(shapes, path) : try rrdbConfiguration(shapes, path)
    return try Stage(
        kind: .upscaler, architecture: architecture, configuration: configuration,
        configurationPath: path, source: source)
}

/// RRDBNet's arguments, from `conv_first` `[nf, c, 3, 3]`, the first dense block's `[gc, nf, 3, 3]`,
/// `conv_last` `[c, nf, 3, 3]` and the number of blocks.
private func rrdbConfiguration(
    _ original: [String: [Int]], _ path: String
) throws(QuantizerError) -> JSONObject {
    var shapes: [String: [Int]] = [:]
    for (name, shape) in original { shapes[currentRRDBName(of: name)] = shape }
    guard let first = convolutionShape(shapes["conv_first.weight"]),
        let last = convolutionShape(shapes["conv_last.weight"]),
        let dense = convolutionShape(shapes["body.0.rdb1.conv1.weight"])
    else {
        throw .unsupported(
            path: path,
            what: "not an upscaler: neither RRDBNet's conv_first, body and conv_last "
                + "nor SRVGGNetCompact's body.0 are there")
    }
    let blocks = count(of: "body", in: shapes)
    guard let unshuffle = [1, 2, 4].first(where: { first.inputs == last.outputs * $0 * $0 }) else {
        throw .unsupported(
            path: path,
            what: "conv_first takes \(first.inputs) channels, conv_last gives \(last.outputs): "
                + "expected 1, 4 or 16 times as many")
    }
    return [
        "num_in_ch": .integer(Int64(last.outputs)), "num_out_ch": .integer(Int64(last.outputs)),
        "num_feat": .integer(Int64(first.outputs)), "num_block": .integer(Int64(blocks)),
        "num_grow_ch": .integer(Int64(dense.outputs)), "scale": .integer(Int64(4 / unshuffle)),
    ]
}

/// SRVGGNetCompact's arguments: convolutions stand at the even places of `body`; the last gives the
/// picture's channels times the square of the scale.
private func compactConfiguration(
    _ shapes: [String: [Int]], _ path: String
) throws(QuantizerError) -> JSONObject {
    let end = count(of: "body", in: shapes) - 1
    guard let first = convolutionShape(shapes["body.0.weight"]), end >= 2, end.isMultiple(of: 2),
        let last = convolutionShape(shapes["body.\(end).weight"])
    else {
        throw .unsupported(path: path, what: "body is not a row of convolutions and activations")
    }
    guard let scale = (1...16).first(where: { last.outputs == first.inputs * $0 * $0 }) else {
        throw .unsupported(
            path: path,
            what: "body.\(end) gives \(last.outputs) channels: expected \(first.inputs) times a "
                + "square")
    }
    let hasSlopes = shapes["body.1.weight"]?.count == 1
    return [
        "num_in_ch": .integer(Int64(first.inputs)), "num_out_ch": .integer(Int64(first.inputs)),
        "num_feat": .integer(Int64(first.outputs)), "num_conv": .integer(Int64(end / 2 - 1)),
        "upscale": .integer(Int64(scale)), "act_type": hasSlopes ? "prelu" : "relu",
    ]
}

/// Nil as well for extents that no layer has, with which the arithmetic above would not end well.
private func convolutionShape(_ shape: [Int]?) -> (outputs: Int, inputs: Int)? {
    let extents = 1...ConfigurationReader.sizeLimit
    guard let shape, shape.count == 4, shape.allSatisfy(extents.contains) else { return nil }
    return (shape[0], shape[1])
}

/// One more than the largest number behind `list.` in any name.
private func count(of list: String, in shapes: [String: [Int]]) -> Int {
    var count = 0
    for name in shapes.keys {
        let parts = name.split(separator: ".")
        guard parts.count > 2, parts[0] == list, let index = Int(parts[1]) else { continue }
        count = max(count, min(index, 1 << 20) + 1)
    }
    return count
}

import WeightStore

/// A table of OLSS as its search saves it: a torch tuple of timesteps [T], wx [T] and we [T, T], or a
/// safetensors file with tensors of these names.
/// - Source: EasyNLP, `diffusion/olss_scheduler/olss.py`.
struct OLSSFile {
    private let source: any CheckpointSource

    private static let mostSteps = 200

    init(_ path: String) throws(QuantizerError) {
        source = try openCheckpoint(path)
    }

    /// The table as a bundle's scheduler has it, of `we` only what each step can see.
    func table() throws(QuantizerError) -> JSONValue {
        let (timesteps, wx, we) = (
            try tensor("timesteps", "0"), try tensor("wx", "1"), try tensor("we", "2")
        )
        let steps = timesteps.shape.first ?? 0
        guard timesteps.shape == [steps], (1...Self.mostSteps).contains(steps),
            wx.shape == [steps], we.shape == [steps, steps]
        else {
            throw .unsupported(
                path: source.path,
                what: "no table of OLSS: expected timesteps [T], wx [T] and we [T, T] of at most "
                    + "\(Self.mostSteps) steps, found \(shapeText(timesteps.shape)), "
                    + "\(shapeText(wx.shape)), \(shapeText(we.shape))")
        }
        let times = try source.read(timesteps.name)
        let weights = try source.read(wx.name) + source.read(we.name)
        guard weights.allSatisfy(\.isFinite),
            times.allSatisfy({ (0..<1_000_000).contains($0) && $0 == $0.rounded() }),
            zip(times, times.dropFirst()).allSatisfy({ $0 > $1 })
        else {
            throw .unsupported(
                path: source.path,
                what: "a table of OLSS whose weights are not finite or whose timesteps do not fall")
        }
        func list(_ numbers: some Collection<Float>) -> JSONValue {
            .array(numbers.map { .number(Double($0)) })
        }
        return [
            "timesteps": .list(times.map { Int($0) }), "wx": list(weights[..<steps]),
            "we": .array(
                (0..<steps).map { step in
                    let first = steps * (step + 1)
                    return list(weights[first...first + step])
                }),
        ]
    }

    private func tensor(
        _ name: String, _ place: String
    ) throws(QuantizerError) -> CheckpointTensor {
        guard let tensor = source.tensors.first(where: { $0.name == name || $0.name == place })
        else {
            throw .missingTensor(path: source.path, name: name, shape: [])
        }
        return tensor
    }
}

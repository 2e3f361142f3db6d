internal import Tensors
internal import WeightStore

/// Reads a stage's input tensors, with their shapes checked.
struct StageInput {
    private let file: SafetensorsFile

    /// Pixels or tokens of all images that are taken; beyond it a stage would only run out of memory.
    private static let largestInput = 1 << 28

    init(_ file: SafetensorsFile) {
        self.file = file
    }

    /// [N, C, H, W] → a tensor of N pictures.
    /// - Parameters:
    ///   - what: what will be done with them, for messages.
    ///   - floats: the activations that it takes for a shape; refused before the values are read.
    func picture(
        _ name: String, channels: Int, sidesMultipleOf multiple: Int = 1, in workspace: Workspace,
        for what: String, floats: (Shape) -> Int
    ) throws -> Tensor {
        let shape = try shape(name, dimensions: 4)
        let expected =
            "[N, \(channels), H, W]"
            + (multiple == 1 ? "" : " with sides that are multiples of \(multiple)")
        guard shape[1] == channels, shape[2] % multiple == 0, shape[3] % multiple == 0 else {
            throw wrong(name, expected)
        }
        let picture = Shape(
            images: shape[0], height: shape[2], width: shape[3], channels: channels)
        try requireMemory(floats: floats(picture), for: "\(what) of \(shape)")
        return Tensor(planar: try values(name), shape: picture, in: workspace)
    }

    /// [N, T, C] → a tensor of N sequences.
    /// - Parameter floats: the activations that each of them takes.
    func tokens(
        _ name: String, images: Int, channels: Int, in workspace: Workspace, floats: Int
    ) throws -> Tensor {
        let shape = try shape(name, dimensions: 3)
        guard shape[0] == images, shape[2] == channels else {
            throw wrong(name, "[\(images), T, \(channels)]")
        }
        try requireMemory(
            floats: shape[0] * shape[1] * floats, for: "attention to a text of \(shape)")
        return Tensor(
            try values(name), shape: Shape(images: images, tokens: shape[1], channels: channels),
            in: workspace)
    }

    /// [N] or [1] → one timestep an image.
    func timesteps(_ name: String, images: Int) throws -> [Float] {
        let found = try values(name)
        switch found.count {
        case images: return found
        case 1: return Array(repeating: found[0], count: images)
        default: throw wrong(name, images == 1 ? "[1]" : "[\(images)] or [1]")
        }
    }

    /// [N, T] → N rows of ids.
    /// - Parameter floats: the activations that each of them takes.
    func ids(
        _ name: String, below limit: Int, atMost length: Int, floats: Int
    ) throws -> [[Int32]] {
        let shape = try shape(name, dimensions: 2)
        guard shape[1] <= length else { throw wrong(name, "[N, T] with T up to \(length)") }
        try requireMemory(floats: shape[0] * shape[1] * floats, for: "a text of \(shape) tokens")
        let found = try file.integers(name)
        guard found.allSatisfy({ (0..<limit).contains($0) }) else {
            throw wrong(name, "ids in 0..<\(limit)")
        }
        return (0..<shape[0]).map { row in
            found[row * shape[1]..<(row + 1) * shape[1]].map { Int32($0) }
        }
    }

    /// An error that names the tensor and says what it is.
    func wrong(_ name: String, _ expected: String) -> WeightError {
        guard let entry = file.entry(name) else {
            return .missing(path: file.file.path, tensor: name)
        }
        return .tensor(
            path: file.file.path, tensor: name, expected: expected,
            found: "\(entry.type.rawValue) \(entry.shape)")
    }

    private func values(_ name: String) throws -> [Float] {
        let values = try file.floats(name)
        guard values.allSatisfy(\.isFinite) else {
            throw WeightError.tensor(
                path: file.file.path, tensor: name, expected: "finite numbers",
                found: "infinite or undefined ones")
        }
        return values
    }

    private func shape(_ name: String, dimensions: Int) throws -> [Int] {
        let entry = try file.requiredEntry(name)
        guard entry.shape.count == dimensions, entry.shape.allSatisfy({ $0 >= 1 }),
            entry.count <= Self.largestInput
        else {
            throw wrong(name, "\(dimensions) dimensions, each from 1 on")
        }
        return entry.shape
    }
}

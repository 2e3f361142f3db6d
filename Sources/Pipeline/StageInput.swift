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

    /// The shape of N pictures, stored as [N, C, H, W].
    func pictureShape(
        _ name: String, channels: Int, sidesMultipleOf multiple: Int = 1
    ) throws -> Shape {
        let shape = try shape(name, dimensions: 4)
        let expected =
            "[N, \(channels), H, W]"
            + (multiple == 1 ? "" : " with sides that are multiples of \(multiple)")
        guard shape[1] == channels, shape[2] % multiple == 0, shape[3] % multiple == 0 else {
            throw wrong(name, expected)
        }
        return Shape(images: shape[0], height: shape[2], width: shape[3], channels: channels)
    }

    /// Pictures of the shape that `pictureShape` gave.
    func picture(_ name: String, _ shape: Shape, in workspace: Workspace) throws -> Tensor {
        Tensor(planar: try numbers(name), shape: shape, in: workspace)
    }

    /// The shape of N sequences, stored as [N, T, C].
    func tokensShape(_ name: String, images: Int, channels: Int) throws -> Shape {
        let shape = try shape(name, dimensions: 3)
        guard shape[0] == images, shape[2] == channels else {
            throw wrong(name, "[\(images), T, \(channels)]")
        }
        return Shape(images: images, tokens: shape[1], channels: channels)
    }

    /// Sequences of the shape that `tokensShape` gave.
    func tokens(_ name: String, _ shape: Shape, in workspace: Workspace) throws -> Tensor {
        Tensor(try numbers(name), shape: shape, in: workspace)
    }

    /// [N] or [1] → one timestep an image.
    func timesteps(_ name: String, images: Int) throws -> [Float] {
        let found = try numbers(name)
        switch found.count {
        case images: return found
        case 1: return Array(repeating: found[0], count: images)
        default: throw wrong(name, images == 1 ? "[1]" : "[\(images)] or [1]")
        }
    }

    /// The shape of N sequences of ids, stored as [N, T].
    func idsShape(_ name: String, atMost length: Int) throws -> Shape {
        let shape = try shape(name, dimensions: 2)
        guard shape[1] <= length else { throw wrong(name, "[N, T] with T up to \(length)") }
        return Shape(images: shape[0], tokens: shape[1], channels: 1)
    }

    /// [N, T] → N rows of ids.
    func ids(_ name: String, below limit: Int) throws -> [[Int32]] {
        let shape = try shape(name, dimensions: 2)
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

    /// The tensor's numbers, in its own order; finite ones (throws otherwise).
    func numbers(_ name: String) throws -> [Float] {
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
            throw wrong(
                name,
                "\(dimensions) dimensions, each from 1 on, and at most \(Self.largestInput) numbers"
            )
        }
        return entry.shape
    }
}

package import Tensors

/// A net of convolutions over one picture, in an order in which they can be computed, such that any
/// rows of any of its pictures can be: the rows that they need of others are known.
package struct RowGraph: Sendable {
    /// One of the net's pictures, by its place in the order.
    package typealias Index = Int

    /// A picture, and how it comes from earlier ones.
    struct Node: Sendable {
        let shape: Shape
        let layer: Layer?
    }

    /// y = factor · y + x.
    package struct Residual: Sendable {
        let index: Index
        let factor: Float

        package init(_ index: Index, factor: Float = 1) {
            self.index = index
            self.factor = factor
        }
    }

    /// finish(residuals + activation(convolution(silu(norm(inputs))))), the inputs side by side.
    package struct Layer: Sendable {
        let convolution: Convolution
        let inputs: [Index]
        let norm: GroupNorm?
        let doubled: Bool
        let activation: Activation
        let residuals: [Residual]
        let finish: Activation

        /// - Parameters:
        ///   - norm: of the one input, followed by SiLU.
        ///   - doubled: the input is seen at twice its size, nearest neighbour.
        ///   - residuals: added one after the other.
        package init(
            _ convolution: Convolution, _ inputs: [Index], norm: GroupNorm? = nil,
            doubled: Bool = false, activation: Activation = .none,
            residuals: [Residual] = [], finish: Activation = .none
        ) {
            precondition(norm == nil || inputs.count == 1)
            self.convolution = convolution
            self.inputs = inputs
            self.norm = norm
            self.doubled = doubled
            self.activation = activation
            self.residuals = residuals
            self.finish = finish
        }

        fileprivate var reach: Reach {
            Reach(
                inputs: inputs, sources: inputs + residuals.map(\.index),
                window: convolution.window, doubled: doubled,
                rowsAtOnce: convolution.rowsAtOnce,
                multiplyAdds: convolution.matrix.multiplyAddsPerRow)
        }
    }

    /// What a picture is computed from, in plain values: finding a plan asks for it thousands of times.
    struct Reach: Sendable {
        var inputs: [Index] = []
        /// All pictures that are read: inputs, then residuals.
        var sources: [Index] = []
        var window = Window.point
        var doubled = false
        /// Rows are best computed so many at a time.
        var rowsAtOnce = 1
        /// For each pixel.
        var multiplyAdds = 0
    }

    private(set) var nodes: [Node]
    /// Of each picture; the given one's is empty.
    private(set) var reach = [Reach()]
    /// The last layer that reads a picture; the picture itself where none does.
    private(set) var lastReader: [Index]
    /// Whether a layer reads the picture through a norm.
    private(set) var isNormed: [Bool]
    /// Pictures that later layers read and that are never computed twice.
    private(set) var anchors: Set<Index> = []

    /// The net before its first layer: the picture that it is given, one image of such a tensor.
    package init(givenOneOf shape: Shape) {
        var shape = shape
        shape.images = 1
        nodes = [Node(shape: shape, layer: nil)]
        lastReader = [Self.given]
        isNormed = [false]
    }

    /// The picture that is given.
    package static let given: Index = 0

    /// The last picture.
    package var last: Index { nodes.count - 1 }
    package var lastShape: Shape { nodes[last].shape }

    /// Adds a layer and returns its picture.
    package mutating func append(_ layer: Layer) -> Index {
        let shape = layer.convolution.output(
            nodes[layer.inputs[0]].shape, doubled: layer.doubled)
        nodes.append(Node(shape: shape, layer: layer))
        reach.append(layer.reach)
        for source in reach[last].sources { lastReader[source] = last }
        if layer.norm != nil { isNormed[layer.inputs[0]] = true }
        lastReader.append(last)
        isNormed.append(false)
        if !layer.convolution.matrix.isFloat32 { innerType = .f16 }
        return last
    }

    /// Has `index` kept whole until its last reader: for a picture that is added in again far below.
    package mutating func anchor(_ index: Index) { anchors.insert(index) }

    /// How the pictures between are stored: as float32 where all weights are float32 (then they are the
    /// yardstick), as float16 otherwise.
    private(set) var innerType = RowType.f32

    /// The last picture and the given one are float32.
    func type(_ index: Index) -> RowType {
        index == Self.given || index == last ? .f32 : innerType
    }

    /// Multiply-adds of the whole picture `index`, its sources given.
    func multiplyAdds(_ index: Index) -> Int {
        nodes[index].shape.pixels * reach[index].multiplyAdds
    }

    /// What is computed, in order, to get `target` from pictures that `isThere`, and which of those.
    func way(
        to target: Index, from isThere: (Index) -> Bool
    ) -> (members: [Index], sources: [Index]) {
        var wanted = Array(repeating: false, count: target + 1)
        wanted[target] = true
        var members: [Index] = []
        var sources: [Index] = []
        for index in stride(from: target, through: 0, by: -1) where wanted[index] {
            if index != target && isThere(index) {
                sources.append(index)
            } else {
                members.append(index)
                for source in reach[index].sources { wanted[source] = true }
            }
        }
        return (members.reversed(), sources.reversed())
    }

    /// The rows of each picture up to `target` that rows of it need on the way over `members`.
    func needs(of rows: Range<Int>, target: Index, members: [Index]) -> [Range<Int>] {
        var needs = Array(repeating: 0..<0, count: target + 1)
        needs[target] = rows
        for index in members.reversed() {
            guard index != Self.given, !needs[index].isEmpty else { continue }
            let reach = reach[index]
            let end = needs[index].upperBound.roundedUp(to: reach.rowsAtOnce)
            let rows = needs[index].lowerBound..<min(end, nodes[index].shape.height)
            needs[index] = rows
            for input in reach.inputs {
                needs[input].formHull(
                    reach.window.inputRows(
                        for: rows, height: nodes[input].shape.height, doubled: reach.doubled))
            }
            for residual in reach.sources[reach.inputs.count...] { needs[residual].formHull(rows) }
        }
        return needs
    }
}

extension Window {
    /// The rows of the input that rows of the output read.
    /// - Parameters:
    ///   - height: of the input.
    ///   - doubled: the input is seen at twice its size.
    fileprivate func inputRows(for rows: Range<Int>, height: Int, doubled: Bool) -> Range<Int> {
        guard !rows.isEmpty else { return 0..<0 }
        let factor = doubled ? 2 : 1
        let first = rows.lowerBound * stride - before
        let last = (rows.upperBound - 1) * stride - before + kernel - 1
        return max(first, 0) / factor..<min(last, height * factor - 1) / factor + 1
    }
}

extension Range<Int> {
    /// Extends the range to what lies in it, in `other` or between.
    fileprivate mutating func formHull(_ other: Range<Int>) {
        guard !other.isEmpty else { return }
        self =
            isEmpty
            ? other
            : Swift.min(lowerBound, other.lowerBound)..<Swift.max(upperBound, other.upperBound)
    }
}

import Layers
import Tensors
import Testing

/// Pixels into channels and back, as torch orders them.
@Suite struct PixelShuffleTests {
    private static let sizes = [(1, 1), (1, 5), (3, 2), (7, 11)]

    @Test(arguments: [1, 2, 3, 4]) func shuffledRowsMatchTheirDefinition(factor r: Int) throws {
        let executor = try Arithmetic.f32.executor(threads: 3)
        for (height, width) in Self.sizes {
            let shape = Shape(images: 2, height: height, width: width, channels: 3 * r * r)
            let x = Tensor(random: shape, seed: 1, on: executor)
            let base = Tensor(random: shape.with(channels: 3), seed: 2, on: executor)
            let large = Shape(images: 2, height: height * r, width: width * r, channels: 3)
            let y = executor.tensor(large)
            for image in 0..<2 { shuffle(x, adding: base, image: image, factor: r, into: y) }
            let (source, small, target) = (x.planarValues, base.planarValues, y.planarValues)
            let misses = target.indices.filter { index in
                let (column, row) = (index % (width * r), index / (width * r) % (height * r))
                let plane = index / (width * r) / (height * r)
                let channel = plane * r * r + row % r * r + column % r
                let pixel = row / r * width + column / r
                return target[index]
                    != source[channel * height * width + pixel]
                    + small[plane * height * width + pixel]
            }
            #expect(misses.isEmpty, "\(height)×\(width)")
        }
    }

    private func shuffle(
        _ x: Tensor, adding base: Tensor, image: Int, factor: Int, into y: Tensor
    ) {
        let rows = ShuffledRow(adding: base, image: image, factor: factor)
        let values = x.values
        let length = x.shape.width * x.shape.channels
        for row in 0..<x.shape.height {
            let first = (image * x.shape.height + row) * length
            rows.enlarge(row, values.span.extracting(first..<first + length)) {
                y.set(row: $0, image: image, to: $1)
            }
        }
    }

    @Test(arguments: [1, 2, 3, 4]) func unshuffleMatchesItsDefinition(factor r: Int) throws {
        let executor = try Arithmetic.f32.executor(threads: 3)
        for (height, width) in Self.sizes {
            let shape = Shape(images: 2, height: height * r, width: width * r, channels: 3)
            let x = Tensor(random: shape, seed: 1, on: executor)
            let y = pixelUnshuffle(x, factor: r, on: executor)
            #expect(
                y.shape == Shape(images: 2, height: height, width: width, channels: 3 * r * r))
            let (source, target) = (x.planarValues, y.planarValues)
            let misses = source.indices.filter { index in
                let (column, row) = (index % (width * r), index / (width * r) % (height * r))
                let plane = index / (width * r) / (height * r)
                let channel = plane * r * r + row % r * r + column % r
                return source[index] != target[(channel * height + row / r) * width + column / r]
            }
            #expect(misses.isEmpty, "\(height)×\(width)")
        }
    }
}

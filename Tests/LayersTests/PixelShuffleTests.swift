import Layers
import Tensors
import Testing

/// Pixels into channels and back, as torch orders them.
@Suite struct PixelShuffleTests {
    private static let sizes = [(1, 1), (1, 5), (3, 2), (7, 11)]

    @Test(arguments: [1, 2, 3, 4]) func shuffleMatchesItsDefinition(factor r: Int) throws {
        let executor = try Arithmetic.f32.executor(threads: 3)
        for (height, width) in Self.sizes {
            let shape = Shape(images: 2, height: height, width: width, channels: 3 * r * r)
            let x = Tensor(random: shape, seed: 1, on: executor)
            let y = pixelShuffle(x, factor: r, on: executor)
            #expect(
                y.shape == Shape(images: 2, height: height * r, width: width * r, channels: 3))
            let (source, target) = (x.planarValues, y.planarValues)
            let misses = target.indices.filter { index in
                let (column, row) = (index % (width * r), index / (width * r) % (height * r))
                let plane = index / (width * r) / (height * r)
                let channel = plane * r * r + row % r * r + column % r
                return target[index] != source[(channel * height + row / r) * width + column / r]
            }
            #expect(misses.isEmpty, "\(height)×\(width)")
            #expect(pixelUnshuffle(y, factor: r, on: executor).values == x.values)
        }
    }

    @Test(arguments: [1, 2, 4]) func addRepeatedAddsEachPixelToItsSquare(factor r: Int) throws {
        let executor = try Arithmetic.f32.executor(threads: 3)
        for (height, width) in Self.sizes {
            let shape = Shape(images: 2, height: height, width: width, channels: 3)
            let base = Tensor(random: shape, seed: 2, on: executor)
            let large = Shape(images: 2, height: height * r, width: width * r, channels: 3)
            let x = Tensor(random: large, seed: 3, on: executor)
            let before = x.values
            addRepeated(base, factor: r, to: x, on: executor)
            let small = base.values
            let misses = before.indices.filter { index in
                let (channel, pixel) = (index % 3, index / 3)
                let (column, row) = (
                    pixel % (width * r) / r, pixel / (width * r) % (height * r) / r
                )
                let image = pixel / (width * r * height * r)
                let at = ((image * height + row) * width + column) * 3 + channel
                return x.values[index] != before[index] + small[at]
            }
            #expect(misses.isEmpty, "\(height)×\(width)")
        }
    }
}

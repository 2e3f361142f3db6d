import Layers
import Models
import Quantizer
import Tensors
import TestSupport
import Testing
import WeightStore

/// What is computed some rows at a time is, bit for bit, what is computed at once.
@Suite struct TilingTests {
    /// The ways that numbers take: which weights, and how int8 ones are convolved.
    enum Way: CaseIterable {
        case f32, direct8, direct16, winograd

        var type: WeightType { self == .f32 ? .f32 : .int8 }

        func executor() throws -> Executor {
            try InstructionSet.selectFromEnvironment()
            return Executor(
                threads: 2, activation: self == .direct8 ? .q8 : .q16,
                winograd: self == .winograd ? .always : .never)
        }
    }

    enum Network: CaseIterable {
        case decoder, encoder, tinyDecoder, tinyEncoder, rrdb4, rrdb2, compact
    }

    /// The tile sizes, in rows of the result; none divides all pictures.
    private static let tiles = [1, 2, 3, 4, 5, 7, 8, 12, 17, 32, 61]
    /// Height and width in units of 8 pixels.
    private static let sizes = [(3, 2), (2, 5), (5, 3)]

    @Test(arguments: Network.allCases, Way.allCases)
    func tilesGiveTheSameBits(network: Network, way: Way) throws {
        let net = try RowNetwork(network, type: way.type)
        for (height, width) in Self.sizes {
            let executor = try way.executor()
            let input = net.input(height: height, width: width, on: executor)
            let whole = net.run(input, Tiling(rows: 1 << 10, budget: .max), on: executor)
            #expect(whole.contains { $0 != whole[0] })
            for (index, rows) in Self.tiles.enumerated() {
                let budget = index % 3 == 2 ? 1 << 20 : 0
                let tiled = net.run(input, Tiling(rows: rows, budget: budget), on: executor)
                #expect(tiled == whole, "\(height)×\(width), \(rows) rows at a time")
            }
        }
    }

    @Test(arguments: Network.allCases) func memoryFallsWithTheTile(network: Network) throws {
        let net = try RowNetwork(network, type: .int8)
        let peaks = try [1024, 256, 64, 16].map { rows in
            try net.peakBytes(Tiling(rows: rows, budget: 0))
        }
        #expect(zip(peaks, peaks.dropFirst()).allSatisfy { $0 > $1 }, "\(peaks)")
        // Beside a net so narrow the picture itself, twice, is half of the rest.
        let least = network == .tinyEncoder ? 3 * peaks[3] / 2 : 2 * peaks[3]
        #expect(peaks[0] > least, "\(peaks)")
    }

    @Test(arguments: Network.allCases) func planKeepsToItsBudget(network: Network) throws {
        let net = try RowNetwork(network, type: .int8)
        let least = try net.peakBytes(.smallest)
        for budget in [least * 3 / 2, least * 2, least * 4] {
            let peak = try net.peakBytes(Tiling(budget: budget))
            #expect(peak <= budget, "the least is \(least)")
        }
    }
}

/// One of the networks, whatever it makes of a picture.
private struct RowNetwork {
    private enum Kind {
        case decoder(any PictureDecoder)
        case encoder(any PictureEncoder)
        case upscaler(any Upscaler)
    }

    private let kind: Kind

    init(_ network: TilingTests.Network, type: WeightType) throws {
        let fixtures = repositoryRoot(above: #filePath) + "/Tests/Fixtures"
        let checkpoint =
            switch network {
            case .decoder, .encoder: fixtures + "/tiny-pai"
            case .tinyDecoder, .tinyEncoder: fixtures + "/tiny-taesd"
            case .rrdb4: fixtures + "/esrgan/rrdb-trunk-legacy.pth"
            case .rrdb2: fixtures + "/esrgan/rrdb-x2.safetensors"
            case .compact: fixtures + "/esrgan/srvgg-compact.pth"
            }
        kind = try withTemporaryFolder { folder in
            let path = folder + "/bundle"
            _ = try Conversion.open(checkpoint, recipe: QuantizationRecipe(type: type))
                .write(to: path)
            let bundle = try Bundle.open(path)
            return try Self.kind(network, of: bundle)
        }
    }

    private static func kind(_ network: TilingTests.Network, of bundle: Bundle) throws -> Kind {
        let name =
            switch network {
            case .decoder, .encoder, .tinyDecoder, .tinyEncoder: "vae"
            case .rrdb4, .rrdb2, .compact: "upscaler"
            }
        let stage = try bundle.stage(name)
        let weights = WeightReader(try bundle.weights(name))
        switch network {
        case .decoder, .tinyDecoder, .encoder, .tinyEncoder:
            let autoencoder = try Autoencoder(
                className: stage.className, configuration: stage.config, weights: weights)
            return network == .decoder || network == .tinyDecoder
                ? .decoder(autoencoder.decoder) : .encoder(autoencoder.encoder)
        case .rrdb4, .rrdb2, .compact:
            return .upscaler(
                try makeUpscaler(
                    className: stage.className, configuration: stage.config, weights: weights))
        }
    }

    /// What the network reads for a picture of so many times eight pixels.
    func input(height: Int, width: Int, on executor: Executor) -> Tensor {
        let shape =
            switch kind {
            case .decoder: Shape(images: 1, height: height, width: width, channels: 4)
            case .encoder: Shape(images: 1, height: 8 * height, width: 8 * width, channels: 3)
            // Sides that no tile divides, but even: the twofold network halves them.
            case .upscaler:
                Shape(images: 1, height: 8 * height - 2, width: 8 * width + 2, channels: 3)
            }
        var random = SeededGenerator(seed: UInt64(height * 100 + width))
        let values = (0..<shape.count).map { _ in Float.random(in: 0...1, using: &random) }
        return Tensor(values, shape: shape, in: executor.workspace)
    }

    func run(_ input: Tensor, _ tiling: Tiling, on executor: Executor) -> [Float] {
        switch kind {
        case .decoder(let decoder): decoder(input, tiling: tiling, on: executor).values
        case .encoder(let encoder):
            encoder(input, tiling: tiling, on: executor).mean.values
        case .upscaler(let upscaler): upscaler(input, tiling: tiling, on: executor).values
        }
    }

    /// The most bytes of activations for a picture of 512×512 pixels, as a rehearsal counts them.
    func peakBytes(_ tiling: Tiling) throws -> Int {
        let executor = try TilingTests.Way.direct16.executor().rehearsal
        _ = run(input(height: 64, width: 64, on: executor), tiling, on: executor)
        return executor.workspace.peakBytes
    }
}

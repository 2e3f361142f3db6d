import Layers
import Tensors
import Testing

/// What must not change a result by a single bit: the number of threads, the company in the batch, the
/// company in the sequence.
@Suite struct InvarianceTests {
    /// A layer with made-up weights, and the input of one image that it is tried on.
    struct Subject: CustomTestStringConvertible, Sendable {
        typealias Layer = (Tensor, Executor) -> Tensor
        let testDescription: String
        let shape: Shape
        /// Whether each token's result is its own alone.
        var isTokenwise = false
        let weights: @Sendable (inout TinyWeights) -> Void
        let layer: @Sendable (WeightReader) throws -> Layer
    }

    static let subjects = [
        convolution, wide, strided, upsampled, normalised, concatenated, linear, feedForward,
        selfAttention, crossAttention,
    ]

    @Test(arguments: subjects, Arithmetic.allCases)
    func threadsDoNotMatter(_ subject: Subject, arithmetic: Arithmetic) throws {
        let layer = try layer(subject, arithmetic)
        var pair = subject.shape
        pair.images = 2
        let results = try [1, 2, 3, 5].map { threads in
            let executor = try arithmetic.executor(threads: threads)
            return layer(Tensor(random: pair, seed: 9, on: executor), executor).values
        }
        #expect(results[0].allSatisfy { $0.isFinite })
        #expect(results.allSatisfy { $0 == results[0] })
    }

    @Test(arguments: subjects, Arithmetic.allCases)
    func theBatchDoesNotMatter(_ subject: Subject, arithmetic: Arithmetic) throws {
        let layer = try layer(subject, arithmetic)
        let executor = try arithmetic.executor()
        var pair = subject.shape
        pair.images = 2
        let x = Tensor(random: pair, seed: 10, on: executor)
        let together = layer(x, executor).values
        let apart = (0..<2).map { layer(x.image($0, on: executor), executor).values }
        #expect(together == apart[0] + apart[1])
        #expect(apart[0] != apart[1])
    }

    @Test(arguments: subjects.filter(\.isTokenwise), Arithmetic.allCases)
    func otherTokensDoNotMatter(_ subject: Subject, arithmetic: Arithmetic) throws {
        let layer = try layer(subject, arithmetic)
        let executor = try arithmetic.executor()
        let x = Tensor(random: subject.shape, seed: 11, on: executor)
        let whole = layer(x, executor)
        let tokens = subject.shape.pixels
        for token in [0, 1, tokens / 2, tokens - 1] {
            let channels = subject.shape.channels
            let one = Tensor(
                Array(x.values[token * channels..<(token + 1) * channels]),
                shape: Shape(images: 1, tokens: 1, channels: channels), in: executor.workspace)
            let width = whole.shape.channels
            let wanted = whole.values[token * width..<(token + 1) * width]
            #expect(layer(one, executor).values == Array(wanted), "token \(token)")
        }
    }

    private func layer(_ subject: Subject, _ arithmetic: Arithmetic) throws -> Subject.Layer {
        var weights = TinyWeights(arithmetic.form, seed: 12)
        subject.weights(&weights)
        return try subject.layer(weights.reader())
    }
}

// MARK: - Convolutions

extension InvarianceTests {
    /// More rows than a strip has, more outputs than a share of the panels.
    private static let convolution = Subject(
        testDescription: "convolution",
        shape: Shape(images: 1, height: 41, width: 23, channels: 12),
        weights: { $0.addMatrix("conv", outputs: 264, channels: 12, kernel: 3) },
        layer: { reader in
            let layer = try Convolution(
                "conv", channels: 12, outputs: 264, window: .same(kernel: 3), from: reader)
            return { x, executor in layer(x, activation: .silu, on: executor) }
        })

    /// Wide enough for float16 weights to be rounded, in two groups.
    private static let wide = Subject(
        testDescription: "wide convolution",
        shape: Shape(images: 1, height: 23, width: 31, channels: 64),
        weights: { $0.addMatrix("conv", outputs: 41, channels: 128) },
        layer: { reader in
            let layer = try Convolution(
                "conv", channels: 128, outputs: 41, window: .point, from: reader)
            return { x, executor in layer([x, x], on: executor) }
        })

    private static let strided = Subject(
        testDescription: "convolution with stride 2",
        shape: Shape(images: 1, height: 37, width: 43, channels: 7),
        weights: { $0.addMatrix("conv", outputs: 9, channels: 7, kernel: 3) },
        layer: { reader in
            let layer = try Convolution(
                "conv", channels: 7, outputs: 9,
                window: Window(kernel: 3, stride: 2, before: 0, after: 1), from: reader)
            return { x, executor in layer(x, on: executor) }
        })

    private static let upsampled = Subject(
        testDescription: "upsampling convolution",
        shape: Shape(images: 1, height: 11, width: 13, channels: 8),
        weights: { $0.addMatrix("conv", outputs: 17, channels: 8, kernel: 3) },
        layer: { reader in
            let layer = try Convolution(
                "conv", channels: 8, outputs: 17, window: .same(kernel: 3), from: reader)
            return { x, executor in
                layer(x, upsampled: Upsampled(height: 21, width: 26), on: executor)
            }
        })

    /// More pixels than the norm adds up at once.
    private static let normalised = Subject(
        testDescription: "group norm",
        shape: Shape(images: 1, height: 29, width: 47, channels: 12),
        weights: { weights in
            weights.addNorm("norm", channels: 12)
            weights.addMatrix("conv", outputs: 5, channels: 12, kernel: 3)
        },
        layer: { reader in
            let norm = try GroupNorm(
                "norm", channels: 12, groups: 4, epsilon: 1e-5, from: reader)
            let layer = try Convolution(
                "conv", channels: 12, outputs: 5, window: .same(kernel: 3), from: reader)
            return { x, executor in
                layer(x, norm: norm([x], thenSiLU: true, on: executor), on: executor)
            }
        })

    private static let concatenated = Subject(
        testDescription: "concatenated inputs",
        shape: Shape(images: 1, height: 19, width: 17, channels: 8),
        weights: { $0.addMatrix("conv", outputs: 33, channels: 16, kernel: 3) },
        layer: { reader in
            let layer = try Convolution(
                "conv", channels: 16, outputs: 33, window: .same(kernel: 3), from: reader)
            return { x, executor in
                layer([x, x], residual: nil, on: executor)
            }
        })
}

// MARK: - Transformers

extension InvarianceTests {
    /// More tokens than a strip has.
    private static let linear = Subject(
        testDescription: "linear", shape: Shape(images: 1, tokens: 701, channels: 20),
        isTokenwise: true,
        weights: { weights in
            weights.addNorm("norm", channels: 20)
            weights.addMatrix("linear", outputs: 100, channels: 20)
        },
        layer: { reader in
            let norm = try LayerNorm("norm", channels: 20, epsilon: 1e-5, from: reader)
            let layer = try Linear("linear", channels: 20, outputs: 100, from: reader)
            return { x, executor in layer(x, norm: norm, activation: .gelu, on: executor) }
        })

    private static let feedForward = Subject(
        testDescription: "feed-forward", shape: Shape(images: 1, tokens: 131, channels: 12),
        isTokenwise: true,
        weights: { weights in
            weights.addNorm("norm", channels: 12)
            weights.addMatrix("ff.net.0.proj", outputs: 88, channels: 12)
            weights.addMatrix("ff.net.2", outputs: 12, channels: 44)
        },
        layer: { reader in
            let norm = try LayerNorm("norm", channels: 12, epsilon: 1e-5, from: reader)
            let layer = try FeedForward("ff", channels: 12, inner: 44, from: reader)
            return { x, executor in layer(x, norm: norm, on: executor) }
        })

    private static let selfAttention = Subject(
        testDescription: "self-attention", shape: Shape(images: 1, tokens: 127, channels: 24),
        weights: { addAttention(&$0, channels: 24, context: 24) },
        layer: { reader in
            let (norm, layer) = try attention(reader, channels: 24, context: 24)
            return { x, executor in
                layer(x, norm: norm, residual: Residual(x), on: executor)
            }
        })

    /// Each image's context is made of its own tokens.
    private static let crossAttention = Subject(
        testDescription: "cross-attention", shape: Shape(images: 1, tokens: 66, channels: 24),
        weights: { addAttention(&$0, channels: 24, context: 12) },
        layer: { reader in
            let (norm, layer) = try attention(reader, channels: 24, context: 12)
            return { x, executor in
                let context = Tensor(
                    x.values,
                    shape: Shape(images: x.shape.images, tokens: 132, channels: 12),
                    in: executor.workspace)
                return layer(
                    x, context: context, norm: norm, residual: Residual(x), on: executor)
            }
        })

    private static func addAttention(
        _ weights: inout TinyWeights, channels: Int, context: Int
    ) {
        weights.addNorm("norm", channels: channels)
        weights.addMatrix("attn.to_q", outputs: 30, channels: channels, bias: false)
        weights.addMatrix("attn.to_k", outputs: 30, channels: context, bias: false)
        weights.addMatrix("attn.to_v", outputs: 30, channels: context, bias: false)
        weights.addMatrix("attn.to_out.0", outputs: channels, channels: 30)
    }

    private static func attention(
        _ reader: WeightReader, channels: Int, context: Int
    ) throws -> (LayerNorm, Attention) {
        (
            try LayerNorm("norm", channels: channels, epsilon: 1e-5, from: reader),
            try Attention(
                "attn", channels: channels, contextChannels: context, inner: 30, heads: 3,
                names: .diffusers, from: reader)
        )
    }
}

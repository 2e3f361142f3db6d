internal import Layers
internal import Tensors

/// Transformer blocks over the pixels of a feature map, attending to the text.
///
/// y = x + proj_out(blocks(proj_in(norm(x)))).
/// - Source: diffusers' Transformer2DModel and BasicTransformerBlock.
struct SpatialTransformer: Sendable {
    private struct Block: Sendable {
        let norm1: LayerNorm
        let attention1: Attention
        let norm2: LayerNorm
        let attention2: Attention
        let norm3: LayerNorm
        let feedForward: FeedForward
    }

    private let norm: GroupNorm
    private let projectIn: Linear
    private let blocks: [Block]
    private let projectOut: Linear

    /// What all transformers of a model share.
    struct Style {
        let groups: Int
        let contextChannels: Int
    }

    private static let groupNormEpsilon = 1e-6
    private static let layerNormEpsilon: Float = 1e-5
    private static let expansion = 4

    init(
        _ name: String, channels: Int, heads: Int, depth: Int, style: Style,
        from weights: WeightReader
    ) throws {
        norm = try GroupNorm(
            name + ".norm", channels: channels, groups: style.groups,
            epsilon: Self.groupNormEpsilon, from: weights)
        projectIn = try Linear(
            name + ".proj_in", channels: channels, outputs: channels, from: weights)
        blocks = try (0..<depth).map { index in
            try Self.block(
                "\(name).transformer_blocks.\(index)", channels: channels, heads: heads,
                contextChannels: style.contextChannels, from: weights)
        }
        projectOut = try Linear(
            name + ".proj_out", channels: channels, outputs: channels, from: weights)
    }

    private static func block(
        _ name: String, channels: Int, heads: Int, contextChannels: Int,
        from weights: WeightReader
    ) throws -> Block {
        func norm(_ suffix: String) throws -> LayerNorm {
            try LayerNorm(
                "\(name).\(suffix)", channels: channels, epsilon: layerNormEpsilon, from: weights)
        }
        func attention(_ suffix: String, context: Int) throws -> Attention {
            try Attention(
                "\(name).\(suffix)", channels: channels, contextChannels: context,
                inner: channels, heads: heads, names: .diffusers, from: weights)
        }
        return Block(
            norm1: try norm("norm1"), attention1: try attention("attn1", context: channels),
            norm2: try norm("norm2"),
            attention2: try attention("attn2", context: contextChannels),
            norm3: try norm("norm3"),
            feedForward: try FeedForward(
                name + ".ff", channels: channels, inner: expansion * channels, from: weights))
    }

    /// [N, H, W, C] and a context [N, S, C'] → [N, H, W, C].
    func callAsFunction(_ x: Tensor, context: Tensor, on executor: Executor) -> Tensor {
        let tokens = x.asTokens
        var hidden = projectIn(
            tokens, scaledBy: norm([x], thenSiLU: false, on: executor), on: executor)
        for block in blocks {
            hidden = block.attention1(
                hidden, norm: block.norm1, residual: Residual(hidden), on: executor)
            hidden = block.attention2(
                hidden, context: context, norm: block.norm2, residual: Residual(hidden),
                on: executor)
            hidden = block.feedForward(hidden, norm: block.norm3, on: executor)
        }
        return projectOut(hidden, residual: Residual(tokens), on: executor)
            .asPicture(height: x.shape.height, width: x.shape.width)
    }
}

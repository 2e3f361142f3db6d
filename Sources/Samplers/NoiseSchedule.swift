#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The noise levels of training: how much of the picture is left at each timestep.
///
/// ᾱ(t) = Π (1 − β(s)) for s ≤ t; latents at t are √ᾱ(t)·x₀ + √(1 − ᾱ(t))·ε. Rounded where
/// diffusers' float32 tensors round.
/// - Source: Ho et al., arXiv:2006.11239; diffusers 0.42.1 with torch's float32 operations.
package struct NoiseSchedule: Equatable, Sendable {
    /// What a sampler makes of `rescale_betas_zero_snr`.
    enum ZeroTerminalSNR: Sendable {
        /// The key does not exist for it.
        case ignored
        /// ᾱ of the last timestep becomes 0.
        case exact
        /// ᾱ of the last timestep becomes 2⁻²⁴, so that σ stays finite.
        case floored
    }

    /// ᾱ per timestep of training, falling.
    package let alphaBar: [Float]

    /// σ(t) = √((1 − ᾱ(t)) / ᾱ(t)) per timestep of training, rising.
    package var sigmas: [Float] {
        alphaBar.map { ((1 - $0) / $0).squareRoot() }
    }

    /// The schedule of a configuration; throws where its numbers make none.
    package init(_ configuration: SchedulerConfiguration) throws(SamplerError) {
        try self.init(configuration, zeroTerminalSNR: .exact)
    }

    init(
        _ configuration: SchedulerConfiguration, zeroTerminalSNR: ZeroTerminalSNR
    ) throws(SamplerError) {
        var betas = try Self.betas(configuration)
        guard let worst = betas.first(where: { !($0 >= 0 && $0 < 1) }) else {
            let rescales = configuration.rescaleBetasZeroSNR && zeroTerminalSNR != .ignored
            if rescales {
                betas = Self.rescaled(betas)
            }
            var alphaBar = Self.alphaBar(betas)
            if rescales, zeroTerminalSNR == .floored {
                alphaBar[alphaBar.count - 1] = 0x1p-24
            }
            self.alphaBar = alphaBar
            return
        }
        throw .invalidValue(
            key: "beta_start, beta_end, trained_betas", found: "\(worst)",
            expected: "variances from 0 to below 1")
    }
}

extension NoiseSchedule {
    private static func betas(
        _ configuration: SchedulerConfiguration
    ) throws(SamplerError) -> [Float] {
        try configuration.checkTimesteps()
        let count = configuration.trainTimesteps
        if let trained = configuration.trainedBetas {
            guard trained.count == count else {
                throw .invalidValue(
                    key: "trained_betas", found: "\(trained.count) numbers",
                    expected: "\(count), as num_train_timesteps says")
            }
            return trained.map(Float.init)
        }
        let (start, end) = (configuration.betaStart, configuration.betaEnd)
        switch configuration.betaSchedule {
        case .linear:
            return singleLinspace(from: start, through: end, count: count)
        case .scaledLinear:
            return singleLinspace(
                from: start.squareRoot(), through: end.squareRoot(), count: count
            ).map { $0 * $0 }
        case .squaredCosine:
            return squaredCosineBetas(count: count)
        }
    }

    /// torch.linspace in float32: counted from both ends to the middle, one rounding each.
    private static func singleLinspace(
        from start: Double, through end: Double, count: Int
    ) -> [Float] {
        let (first, last) = (Float(start), Float(end))
        guard count > 1 else { return [first] }
        let step = (last - first) / Float(count - 1)
        return (0..<count).map { index in
            index < count / 2
                ? first.addingProduct(step, Float(index))
                : last.addingProduct(-step, Float(count - 1 - index))
        }
    }

    /// β(i) = min(1 − ᾱ((i+1)/n) / ᾱ(i/n), 0.999) with ᾱ(u) = cos²((u + 0.008) / 1.008 · π/2).
    /// - Source: Nichol & Dhariwal, arXiv:2102.09672.
    private static func squaredCosineBetas(count: Int) -> [Float] {
        func level(_ u: Double) -> Double {
            let root = cos((u + 0.008) / 1.008 * Double.pi / 2)
            return root * root
        }
        let n = Double(count)
        return (0..<count).map { index in
            let ratio = level(Double(index + 1) / n) / level(Double(index) / n)
            return Float(min(1 - ratio, 0.999))
        }
    }

    /// The running product, kept in double and rounded at each timestep, as torch.cumprod does.
    private static func alphaBar(_ betas: [Float]) -> [Float] {
        var product = 1.0
        return betas.map { beta in
            product *= Double(1 - beta)
            return Float(product)
        }
    }

    /// Shifts and scales √ᾱ so that its first value stays and its last becomes 0.
    /// - Source: Lin et al., arXiv:2305.08891, algorithm 1.
    private static func rescaled(_ betas: [Float]) -> [Float] {
        let roots = alphaBar(betas).map { $0.squareRoot() }
        guard let first = roots.first, let last = roots.last, first != last else { return betas }
        let scale = first / (first - last)
        let levels = roots.map { root in
            let bent = (root - last) * scale
            return bent * bent
        }
        return levels.indices.map { index in
            1 - (index == 0 ? levels[0] : levels[index] / levels[index - 1])
        }
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What a model takes the clean latents for, in the midst of a walk with any sampler: for previews.
package struct OriginalEstimate: Sendable {
    private let schedule: NoiseSchedule
    private let prediction: PredictionType

    /// For a checkpoint's schedule; throws where its numbers make none.
    package init(_ configuration: SchedulerConfiguration) throws(SamplerError) {
        schedule = try NoiseSchedule(configuration, zeroTerminalSNR: .floored)
        prediction = configuration.predictionType
    }

    /// x₀ as the model's output at `timestep` has it.
    ///
    /// Whatever a sampler's own scale of noise, the model sees √ᾱ·x₀ + √(1 − ᾱ)·ε.
    /// - Parameters:
    ///   - input: what the model saw: the latents, scaled.
    ///   - output: what it answered, as many numbers (trap otherwise).
    package func callAsFunction(_ input: [Float], output: [Float], timestep: Double) -> [Float] {
        let last = schedule.alphaBar.count - 1
        let alphaBar = schedule.alphaBar[Int(min(max(timestep.rounded(), 0), Double(last)))]
        let (alpha, sigma) = (alphaBar.squareRoot(), (1 - alphaBar).squareRoot())
        return elementwise(input, output) { x, output in
            prediction.original(x, output, alpha: alpha, sigma: sigma)
        }
    }
}

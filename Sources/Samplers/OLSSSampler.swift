/// What a search found for a model and a number of steps: where to evaluate it, and how each step's latents are
/// put together from the noise and all evaluations so far.
/// - Source: Liu et al., arXiv:2305.14677; EasyNLP, `diffusion/olss_scheduler/olss.py`.
package struct OLSSTable: Equatable, Sendable {
    /// Falling, one for each step.
    package let timesteps: [Int]
    /// How much of the noise is in the latents after each step.
    package let noiseWeights: [Float]
    /// How much of each evaluation is in the latents after each step: row i has i + 1 weights.
    package let outputWeights: [[Float]]

    /// The most steps of a table; one pays at few.
    package static let mostSteps = 200

    /// nil unless the parts belong together and are finite.
    package init?(timesteps: [Int], noiseWeights: [Float], outputWeights: [[Float]]) {
        guard (1...Self.mostSteps).contains(timesteps.count),
            zip(timesteps, timesteps.dropFirst()).allSatisfy({ $0 > $1 }),
            timesteps.allSatisfy({ $0 >= 0 }), noiseWeights.count == timesteps.count,
            outputWeights.map(\.count) == Array(1...timesteps.count),
            (noiseWeights + outputWeights.joined()).allSatisfy(\.isFinite)
        else { return nil }
        self.timesteps = timesteps
        self.noiseWeights = noiseWeights
        self.outputWeights = outputWeights
    }
}

/// Optimal linear subspace search: steps by a table, x' = w·x_T + Σ wₖ·eₖ over all evaluations e so far.
///
/// The table was fitted to what the model puts out, be it noise or velocity. A walk begins at its
/// beginning: nothing is known of one that begins part-way.
/// - Source: Liu et al., arXiv:2305.14677, formula 10; EasyNLP, `diffusion/olss_scheduler/olss.py`.
struct OLSSSampler: Sampler {
    let timesteps: [Double]
    let initialNoiseScale: Float = 1
    /// `outputs` are all model outputs; `latents` those that the walk began with.
    var history = SamplerHistory()

    private let table: OLSSTable
    private let walk: AlphaBarWalk

    /// Throws where there is no table of so many steps.
    init(_ configuration: SchedulerConfiguration, steps: Int) throws(SamplerError) {
        guard let table = configuration.olssTables.first(where: { $0.timesteps.count == steps })
        else {
            throw .missingTable(
                steps: steps, known: configuration.olssTables.map(\.timesteps.count).sorted())
        }
        self.table = table
        timesteps = table.timesteps.map(Double.init)
        walk = try AlphaBarWalk(
            configuration, steps: steps, setAlphaToOne: true, zeroTerminalSNR: .ignored,
            timesteps: table.timesteps)
    }

    mutating func step(
        modelOutput: [Float], at index: Int, latents: [Float], noise: () -> [Float]
    ) -> [Float] {
        history.evaluations += 1
        history.remember(modelOutput, limit: timesteps.count)
        let beginning = history.latents ?? latents
        history.latents = beginning
        let weight = table.noiseWeights[index]
        var next = beginning.map { weight * $0 }
        for (weight, output) in zip(table.outputWeights[index], history.outputs) {
            next = elementwise(next, output) { $0 + weight * $1 }
        }
        return next
    }

    func addNoise(to original: [Float], noise: [Float], at index: Int) -> [Float] {
        walk.addNoise(to: original, noise: noise, at: index)
    }
}

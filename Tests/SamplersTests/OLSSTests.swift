import Testing

@testable import Samplers

/// Steps by a table. DDIM's are linear in the noise and in all outputs, so a table can say them: worked out here
/// from ᾱ alone.
@Suite struct OLSSTests {
    private let timesteps = [901, 701, 501, 301, 101]

    /// ᾱ of `scaled_linear`, in double precision.
    private func alphaBar(_ timestep: Int) -> Double {
        guard timestep >= 0 else { return 1 }
        let (start, end) = (0.00085.squareRoot(), 0.012.squareRoot())
        return (0...timestep).reduce(1.0) { product, index in
            let root = start + (end - start) * Double(index) / 999
            return product * (1 - root * root)
        }
    }

    /// x' = √(ᾱ'/ᾱ)·x + (√(1 − ᾱ') − √(ᾱ'(1 − ᾱ)/ᾱ))·ε, unrolled from the noise on.
    private func table() throws -> OLSSTable {
        var noise = 1.0
        var outputs: [Double] = []
        var (noiseWeights, outputWeights): ([Float], [[Float]]) = ([], [])
        for (index, timestep) in timesteps.enumerated() {
            let now = alphaBar(timestep)
            let next = alphaBar(index + 1 < timesteps.count ? timesteps[index + 1] : -1)
            let scale = (next / now).squareRoot()
            noise *= scale
            outputs = outputs.map { $0 * scale }
            outputs.append((1 - next).squareRoot() - (1 - now).squareRoot() * scale)
            noiseWeights.append(Float(noise))
            outputWeights.append(outputs.map(Float.init))
        }
        return try #require(
            OLSSTable(
                timesteps: timesteps, noiseWeights: noiseWeights, outputWeights: outputWeights))
    }

    private func configuration() throws -> SchedulerConfiguration {
        var configuration = SchedulerConfiguration(
            betaStart: 0.00085, betaEnd: 0.012, betaSchedule: .scaledLinear, setAlphaToOne: true,
            stepsOffset: 101, clipSample: false)
        configuration.olssTables = [try table()]
        return configuration
    }

    private func walk(_ kind: SamplerKind) throws -> [[Float]] {
        var sampler = try makeSampler(kind, configuration: configuration(), steps: 5)
        #expect(sampler.timesteps == timesteps.map(Double.init))
        var source = TorchRandomSource(seed: 3)
        var latents = source.normal(count: 64)
        var way: [[Float]] = []
        for index in sampler.timesteps.indices {
            let output = latents.enumerated().map { place, x in
                0.7 * x + Float(place % 7) * 0.1 * Float(index + 1)
            }
            latents = sampler.step(
                modelOutput: output, at: index, latents: latents, noise: { [] })
            way.append(latents)
        }
        return way
    }

    @Test func aTableOfDDIMStepsAsDDIM() throws {
        for (found, wanted) in zip(try walk(.olss), try walk(.ddim)) {
            let largest = zip(found, wanted).map { abs($0 - $1) }.max() ?? 1
            #expect(largest < 2e-5)
        }
    }

    @Test func otherNumbersOfStepsAreRefused() throws {
        let configuration = try configuration()
        #expect(throws: SamplerError.missingTable(steps: 7, known: [5])) {
            _ = try makeSampler(.olss, configuration: configuration, steps: 7)
        }
        #expect(throws: SamplerError.missingTable(steps: 5, known: [])) {
            _ = try makeSampler(.olss, configuration: SchedulerConfiguration(), steps: 5)
        }
    }

    @Test func tablesMustBeWhole() {
        #expect(
            OLSSTable(timesteps: [5, 9], noiseWeights: [1, 1], outputWeights: [[1], [1, 1]]) == nil)
        #expect(
            OLSSTable(timesteps: [9, 5], noiseWeights: [1], outputWeights: [[1], [1, 1]]) == nil)
        #expect(
            OLSSTable(timesteps: [9, 5], noiseWeights: [1, 1], outputWeights: [[1], [1]]) == nil)
        #expect(
            OLSSTable(timesteps: [9], noiseWeights: [.nan], outputWeights: [[1]]) == nil)
        #expect(OLSSTable(timesteps: [], noiseWeights: [], outputWeights: []) == nil)
        #expect(OLSSTable(timesteps: [9], noiseWeights: [1], outputWeights: [[1]]) != nil)
    }
}

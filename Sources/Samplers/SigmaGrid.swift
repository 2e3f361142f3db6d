#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Noise levels σ at a sampler's steps, between those of training.
///
/// Works on σ of training, rising with the timestep, which is the index.
/// - Source: Karras et al., arXiv:2206.00364; diffusers 0.42.1, whose numpy code mixes float32 and
///   float64 as here.
struct SigmaGrid {
    /// σ per timestep of training, rising.
    let trained: [Float]

    /// σ at any timestep, along straight lines between whole ones and constant outside.
    func sigma(at timestep: Double) -> Double {
        guard timestep > 0 else { return Double(trained[0]) }
        let below = Int(timestep)
        guard below < trained.count - 1 else { return Double(trained[trained.count - 1]) }
        let low = Double(trained[below])
        let slope = Double(trained[below + 1]) - low
        return slope * (timestep - Double(below)) + low
    }

    /// `steps` levels from `highest` down to `lowest`, evenly spaced in σ^(1/7).
    static func karras(from highest: Double, to lowest: Double, steps: Int) -> [Double] {
        let rho = 7.0
        let top = pow(highest, 1 / rho)
        let bottom = pow(lowest, 1 / rho)
        return linspace(from: 0, through: 1, count: steps).map { ramp in
            pow(top + ramp * (bottom - top), rho)
        }
    }

    /// The timesteps at which training had these levels, along straight lines in log σ.
    func timesteps(of sigmas: [Double]) -> [Double] {
        let logarithms = trained.map { log($0) }
        return sigmas.map { sigma in
            let wanted = log(max(sigma, 1e-10))
            let notAbove = logarithms.lastIndex { Double($0) <= wanted } ?? 0
            let below = min(notAbove, max(logarithms.count - 2, 0))
            let above = min(below + 1, logarithms.count - 1)
            guard above > below else { return Double(below) }
            let distance = Double(logarithms[below] - logarithms[above])
            let weight = (Double(logarithms[below]) - wanted) / distance
            let held = min(max(weight, 0), 1)
            return (1 - held) * Double(below) + held * Double(above)
        }
    }
}

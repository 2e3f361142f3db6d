internal import CKernels

/// What this machine can do at most in float32: a loop of nothing but multiply-adds, with all
/// operands in registers, on the selected instruction set.
package enum MachineCeiling {
    /// 10⁹ operations a second on all threads of `parallel` together, a multiply-add being two: the
    /// best of some tries, which take a third of a second. Nil on the reference kernels.
    package static func float32Gigaflops(on parallel: Parallel) -> Double? {
        guard let mix = ck_ceiling_mix(CK_ARITHMETIC_F32, ck_selected_isa())?.pointee else {
            return nil
        }
        let rounds = 1_000_000
        let tasks = 50 * parallel.threads
        let clock = ContinuousClock()
        let best =
            (0..<3).map { _ in
                clock.measure { parallel.run(tasks: tasks) { _, _ in mix.run(rounds) } }
            }.min() ?? .zero
        return mix.operations * Double(rounds * tasks) / (best / .seconds(1)) / 1e9
    }
}

import ArgumentParser

/// `--seed`: a number from 0 on, or -1 for a random one.
struct SeedOption: ExpressibleByArgument {
    /// nil for a random one.
    let number: UInt64?

    init?(argument: String) {
        if argument == "-1" {
            number = nil
            return
        }
        guard let number = UInt64(argument) else { return nil }
        self.number = number
    }
}
